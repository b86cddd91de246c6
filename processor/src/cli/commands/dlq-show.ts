import { isUtf8 } from 'node:buffer'
import { type DeadLetter, deadLetterJson, errorCatalogue, isValenceError, ValenceError } from '@valence/schemas'
import { type Config, readConfig } from '../../config/config.ts'
import { type FoundLetter, letterRanges, readLetters, toFoundLetter } from '../../jobs/dead-letters/dead-letters.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import { previewBytes, showBytes } from '../bytes-preview.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { parsePosition } from '../letter-options.ts'
import { writeJson, writeLines } from '../output.ts'
import { showTime } from '../show-time.ts'

const shownBytes = 4_096
const headerWidth = 200
/** The column is as wide as the longest name. */
const headerNameWidth = 60

/** `dlq show PARTITION:OFFSET`: everything about one dead letter. */
export async function runDlqShow(
  context: CliContext,
  options: CommandOptions,
  [given = '']: readonly string[],
): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const found = await findLetter(config, given)
  if (isValenceError(found.letter)) throw found.letter
  if (options.json) await writeJson(context.stdout, toJson(found, found.letter))
  else await writeLines(context.stdout, describe(found, found.letter))
  return 0
}

/** @throws VAL_USAGE_INVALID where there is no record, VAL_RECORD_INVALID where it is no dead letter */
async function findLetter(config: Config, given: string): Promise<FoundLetter> {
  const { partition, offset } = parsePosition(given)
  const ranges = await withAdmin(config, (admin) => letterRanges(admin, config.deadLetterTopic))
  const log = ranges.find((range) => range.partition === partition)
  if (log === undefined) {
    throw new ValenceError('VAL_USAGE_INVALID', `${config.deadLetterTopic} has no partition ${partition}`)
  }
  const range = { partition, from: offset, to: offset + 1n }
  if (offset >= log.from && offset < log.to) {
    for await (const { records } of readLetters(config, [range])) {
      const [record] = records
      if (record) return toFoundLetter(partition, record)
    }
  }
  const held = log.from === log.to ? 'is empty' : `holds offsets ${log.from} to ${log.to - 1n}, not all of them records`
  throw new ValenceError('VAL_USAGE_INVALID', `there is no dead letter at ${given}; partition ${partition} ${held}`)
}

/** The catalogue's advice; a later version may have written a code that this one does not know. */
function helpFor(code: string): string | undefined {
  return Object.hasOwn(errorCatalogue, code) ? errorCatalogue[code as keyof typeof errorCatalogue].help : undefined
}

function toJson({ partition, record }: FoundLetter, letter: DeadLetter) {
  const { value, ...rest } = deadLetterJson.toJson(letter)
  return {
    partition,
    offset: String(record.offset),
    ...rest,
    help: helpFor(letter.code) ?? null,
    value,
    /** Beside the base64, for people. */
    valueText: letter.value !== null && isUtf8(letter.value) ? letter.value.toString('utf8') : null,
  }
}

function describe({ partition, record }: FoundLetter, letter: DeadLetter): string[] {
  const { origin } = letter
  const help = helpFor(letter.code)
  const facts: [string, string][] = [
    ['position', `${partition}:${record.offset}`],
    ['code', letter.code],
    ['message', previewBytes(Buffer.from(letter.message), 1_000)],
    ...(help === undefined ? [] : [['what to do', help] as [string, string]]),
    ['failed at', showTime(letter.failedAt)],
    ['origin', `${origin.topic} ${origin.partition}:${origin.offset}`],
    ...(origin.timestamp === null || origin.timestamp < 0
      ? []
      : [['produced at', showTime(origin.timestamp)] as [string, string]]),
    ['key', previewBytes(letter.key, headerWidth)],
    ...letter.headers.map(({ name, value, nameBytes }): [string, string] => [
      `header ${previewBytes(nameBytes ?? Buffer.from(name), headerNameWidth)}`,
      previewBytes(value, headerWidth),
    ]),
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  const size = letter.value === null ? 'null' : `${letter.value.length} bytes`
  return [
    ...facts.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    `${'value'.padEnd(width)}  ${size}`,
    ...(letter.value === null ? [] : ['', ...showBytes(letter.value, shownBytes)]),
  ]
}
