import { isValenceError } from '@valence/schemas'
import { readConfig } from '../../config/config.ts'
import {
  type FoundLetter,
  type LetterFilter,
  letterRanges,
  matches,
  readLetters,
  toFoundLetter,
} from '../../jobs/dead-letters/dead-letters.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import { fetchOffsetsAt } from '../../kafka/log-ranges.ts'
import { previewBytes } from '../bytes-preview.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { letterFilter } from '../letter-options.ts'
import { countOption } from '../options.ts'
import { counted, paint, writeJson, writeLines } from '../output.ts'
import { showTime } from '../show-time.ts'
import { formatTable } from '../table.ts'

const defaultLimit = 100
const previewWidth = 40

/** `dlq list`: the newest dead letters that match, oldest first. */
export async function runDlqList(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const filter = letterFilter(options, Date.now())
  const limit = countOption(options, 'limit') ?? defaultLimit
  const topic = config.deadLetterTopic
  const ranges = await withAdmin(config, async (admin) => {
    const all = await letterRanges(admin, topic)
    if (!Number.isFinite(filter.since)) return all
    // A dead letter is written after it failed, so none that is meant lies before this moment.
    const starts = await fetchOffsetsAt(admin, topic, filter.since)
    return all.map((range) => ({ ...range, from: starts.get(range.partition) ?? range.from }))
  })
  const found: FoundLetter[] = []
  let matched = 0
  for await (const { partition, records } of readLetters(config, ranges)) {
    const letters = records.map((record) => toFoundLetter(partition, record)).filter((own) => isMeant(filter, own))
    matched += letters.length
    found.push(...letters)
    keepNewest(found, limit)
    if (context.signal.aborted) break
  }
  if (options.json) await writeJson(context.stdout, found.map(toJson))
  else if (found.length > 0) await writeLines(context.stdout, toTable(found))
  else context.stderr.write(`no dead letters in ${topic}\n`)
  const hidden = matched - found.length
  if (hidden > 0)
    context.stderr.write(
      paint(context.stderr, 'dim', `${counted(hidden, 'older dead letter')} not shown; see --limit\n`),
    )
  return 0
}

/** What is no dead letter of ours is shown too, unless a code is asked for. */
function isMeant(filter: LetterFilter, { letter }: FoundLetter): boolean {
  return isValenceError(letter) ? filter.codes === undefined : matches(filter, letter)
}

/** Partitions come interleaved, so the newest are known only by their time. */
function keepNewest(found: FoundLetter[], limit: number): void {
  found.sort((a, b) => timeOf(a) - timeOf(b) || a.partition - b.partition || Number(a.record.offset - b.record.offset))
  found.splice(0, Math.max(0, found.length - limit))
}

function timeOf({ letter, record }: FoundLetter): number {
  return isValenceError(letter) ? Number(record.timestamp) : letter.failedAt
}

function toJson({ partition, record, letter }: FoundLetter) {
  const position = { partition, offset: String(record.offset) }
  if (isValenceError(letter)) return { ...position, code: null, message: letter.message, failedAt: null, origin: null }
  const { code, message, failedAt, origin } = letter
  return { ...position, code, message, failedAt, origin }
}

function toTable(found: readonly FoundLetter[]): string[] {
  const rows = found.map(({ partition, record, letter }) => [
    `${partition}:${record.offset}`,
    ...(isValenceError(letter)
      ? [showTime(record.timestamp), '(not a dead letter)', '']
      : [
          showTime(letter.failedAt),
          letter.code,
          `${letter.origin.topic} ${letter.origin.partition}:${letter.origin.offset}`,
        ]),
    previewBytes(record.value, previewWidth),
  ])
  return formatTable(
    [
      { title: 'POSITION', align: 'right' },
      { title: 'FAILED AT' },
      { title: 'CODE' },
      { title: 'ORIGIN' },
      { title: 'VALUE' },
    ],
    rows,
  )
}
