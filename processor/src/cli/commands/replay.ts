import type { Admin } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import { type Config, readConfig } from '../../config/config.ts'
import { sessionOpener, TopicSessions } from '../../jobs/partition-sessions.ts'
import { readRanges } from '../../jobs/read-ranges.ts'
import { openReplayScorer, type ReplayScorer } from '../../jobs/replay/replay-scorer.ts'
import { SettlingSession } from '../../jobs/settling-session.ts'
import { replayGroup } from '../../kafka/group-names.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import { fetchOffsetsAt, fetchWholeLogs } from '../../kafka/log-ranges.ts'
import type { PartitionRange } from '../../kafka/topic-reader.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { LineProblems } from '../line-problems.ts'
import { textOption, timeOption } from '../options.ts'
import { counted, writeJson, writeLines } from '../output.ts'
import { startProgress } from '../progress.ts'

export interface ReplayRequest {
  readonly topic: string
  readonly outputTopic: string
  /** Epoch milliseconds; from inclusive, to exclusive. */
  readonly from: number
  readonly to: number
  readonly groupId: string
}

/** What was done with the records of the range, by this run. */
interface ReplayCounts {
  scored: number
  rejected: number
  /** The broker does not take their scores. */
  refused: number
}

/**
 * `replay`: scores once more what came in a span of time, into a topic of its own. The positions of the replay group are
 * committed in the transactions that publish the scores, so a replay that is killed goes on where it was.
 */
export async function runReplay(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const request = readRequest(config, options, Date.now())
  const refusals = new LineProblems('record')
  const counts = await withAdmin(config, (admin) => replay(context, config, admin, { ...request, refusals })).finally(
    () => refusals.report(context.stderr, 'refused by the broker'),
  )
  const { groupId, outputTopic, topic } = request
  const [from, to] = [new Date(request.from).toISOString(), new Date(request.to).toISOString()]
  if (options.json) await writeJson(context.stdout, { ...counts, topic, outputTopic, from, to, group: groupId })
  else {
    const summary = `${counted(counts.scored, 'text')} scored into ${outputTopic}, ${counts.rejected} rejected, ${counts.refused} refused`
    await writeLines(context.stdout, [`${summary} (group ${groupId})`])
  }
  if (context.signal.aborted) {
    context.stderr.write(`stopped early; go on with --from ${from} --to ${to} --output ${outputTopic}\n`)
    return 1
  }
  return counts.rejected > 0 || counts.refused > 0 ? 1 : 0
}

function readRequest(config: Config, options: CommandOptions, now: number): ReplayRequest {
  const refuse = (detail: string) => new ValenceError('VAL_USAGE_INVALID', detail)
  const from = timeOption(options, 'from', now)
  const to = timeOption(options, 'to', now) ?? now
  const outputTopic = textOption(options, 'output')
  const topic = textOption(options, 'topic') ?? (config.inputTopics[0] as string)
  if (from === undefined) throw refuse('--from is needed: where the replay begins')
  if (from >= to) throw refuse('--from must lie before --to')
  if (outputTopic === undefined) throw refuse('--output is needed: a topic for the scores of the replay alone')
  const used = [...config.inputTopics, topic, config.outputTopic, config.deadLetterTopic]
  if (used.includes(outputTopic)) throw refuse(`--output ${outputTopic} is in use; a replay gets a topic of its own`)
  const groupId = textOption(options, 'group') ?? replayGroup(config.kafkaGroupId, { topic, outputTopic, from, to })
  return { topic, outputTopic, from, to, groupId }
}

async function replay(
  context: CliContext,
  config: Config,
  admin: Admin,
  request: ReplayRequest & { readonly refusals: LineProblems },
): Promise<ReplayCounts> {
  const { topic, refusals } = request
  const known = await admin.listTopics()
  for (const needed of [topic, request.outputTopic]) {
    if (!known.includes(needed)) throw new ValenceError('VAL_KAFKA_TOPIC_MISSING', needed)
  }
  const counts: ReplayCounts = { scored: 0, rejected: 0, refused: 0 }
  await using sessions = new TopicSessions(topic, sessionOpener(config, admin, request.groupId))
  const ranges = await sessions.open(await rangesBetween(admin, request))
  if (ranges.length === 0) return counts
  const settling = new Map<number, SettlingSession>()
  for (const { partition } of ranges) {
    const reopen = () => sessions.reopen(partition)
    settling.set(partition, await SettlingSession.open({ session: sessions.of(partition), reopen }))
  }
  await using scorer = await openReplayScorer(config, admin, request.outputTopic)
  const total = ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0)
  const progress = await startProgress(context.stderr, { noun: 'texts', total })
  try {
    for await (const batch of readRanges(config, 'replay', topic, ranges)) {
      const session = settling.get(batch.partition)
      if (session === undefined) continue
      for (const slice of slicesOf(batch, config.kafkaBatchMaxRecords)) {
        if (context.signal.aborted) return counts
        const { outgoing, scored, rejected } = await scorer.score(batch, slice.records, context.signal)
        const published = await session.publish(outgoing, slice.nextOffset, ({ nextOffset }, error) =>
          refusals.add(`${batch.partition}:${nextOffset - 1n}`, error),
        )
        counts.refused += outgoing.length - published
        counts.scored += scored - (outgoing.length - published)
        counts.rejected += rejected
        progress.update(counts.scored + counts.rejected + counts.refused, counts.scored)
      }
    }
  } finally {
    progress.stop()
  }
  return counts
}

/** Of each partition, from the first record of the span to the first one after it, as the log is now. */
async function rangesBetween(admin: Admin, { topic, from, to }: ReplayRequest): Promise<PartitionRange[]> {
  const [ends, begins, after] = await Promise.all([
    fetchWholeLogs(admin, topic),
    fetchOffsetsAt(admin, topic, from),
    fetchOffsetsAt(admin, topic, to),
  ])
  return ends.map(({ partition, high: end }) => {
    const stop = after.get(partition) ?? 0n
    return { partition, from: begins.get(partition) ?? 0n, to: stop < end ? stop : end }
  })
}

type Batch = Parameters<ReplayScorer['score']>[0] & { readonly nextOffset: bigint }

/** Cuts a batch into transactions; the last one ends where the batch does, so that marks in the log are passed. */
function* slicesOf({ records, nextOffset }: Batch, most: number) {
  if (records.length === 0) yield { records, nextOffset }
  for (let at = 0; at < records.length; at += most) {
    const part = records.slice(at, at + most)
    const isLast = at + most >= records.length
    yield { records: part, nextOffset: isLast ? nextOffset : (part.at(-1)?.offset ?? 0n) + 1n }
  }
}
