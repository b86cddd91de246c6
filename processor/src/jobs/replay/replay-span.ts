import type { Admin } from '@valence/producer-sdk/kafka'
import type { ValenceError } from '@valence/schemas'
import type { ReplayedSpan } from '../../kafka/group-names.ts'
import { expectTopics } from '../../kafka/kafka-admin.ts'
import { fetchOffsetsAt, fetchWholeLogs } from '../../kafka/log-ranges.ts'
import type { RecordBatch } from '../../kafka/record.ts'
import type { PartitionRange } from '../../kafka/topic-reader.ts'
import type { Job } from '../job.ts'
import { sessionOpener, TopicSessions } from '../partition-sessions.ts'
import { readRanges } from '../read-ranges.ts'
import { SettlingSession } from '../settling-session.ts'
import { openReplayScorer } from './replay-scorer.ts'

export interface ReplayRequest extends ReplayedSpan {
  /** Consumer group that stores the progress. */
  readonly groupId: string
  /** Called for each record whose score the broker refused, with its `partition:offset`. */
  readonly onRefused: (place: string, error: ValenceError) => void
}

/** Counts of this run. */
export interface ReplayCounts {
  scored: number
  rejected: number
  /** Records whose scores the broker refused. */
  refused: number
}

/**
 * Scores the records of a time span again, into a separate topic. The transaction that publishes scores also commits
 * the offsets of the replay group, so a replay resumes after a crash.
 */
export async function replaySpan(job: Job, request: ReplayRequest): Promise<ReplayCounts> {
  const { config, admin, signal, progress } = job
  const { topic, outputTopic, groupId, onRefused } = request
  await expectTopics(admin, [topic, outputTopic])
  const counts: ReplayCounts = { scored: 0, rejected: 0, refused: 0 }
  await using sessions = new TopicSessions(topic, sessionOpener(config, admin, groupId))
  const ranges = await sessions.open(await rangesBetween(admin, request))
  if (ranges.length === 0) return counts
  const settling = await openSettling(sessions, ranges)
  await using scorer = await openReplayScorer(config, admin, outputTopic)
  progress.start(ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0))
  for await (const batch of readRanges(config, 'replay', topic, ranges)) {
    const session = settling.get(batch.partition)
    if (session === undefined) continue
    for (const slice of slicesOf(batch, config.kafkaBatchMaxRecords)) {
      if (signal.aborted) return counts
      const { outgoing, scored, rejected } = await scorer.score(batch, slice.records, signal)
      const published = await session.publish(outgoing, slice.nextOffset, ({ nextOffset }, error) =>
        onRefused(`${batch.partition}:${nextOffset - 1n}`, error),
      )
      counts.refused += outgoing.length - published
      counts.scored += scored - (outgoing.length - published)
      counts.rejected += rejected
      progress.update(counts.scored + counts.rejected + counts.refused, counts.scored)
    }
  }
  return counts
}

async function openSettling(
  sessions: TopicSessions,
  ranges: readonly PartitionRange[],
): Promise<ReadonlyMap<number, SettlingSession>> {
  const settling = new Map<number, SettlingSession>()
  for (const { partition } of ranges) {
    const reopen = () => sessions.reopen(partition)
    settling.set(partition, await SettlingSession.open({ session: sessions.of(partition), reopen }))
  }
  return settling
}

/** Range per partition: from the first record of the span to the first one after it, or to the end of the log. */
async function rangesBetween(admin: Admin, { topic, from, to }: ReplayedSpan): Promise<PartitionRange[]> {
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

type Slice = Pick<RecordBatch, 'records' | 'nextOffset'>

/** Cuts a batch into transactions. The last one ends at `nextOffset` of the batch, to skip control records. */
export function* slicesOf({ records, nextOffset }: Slice, most: number): Generator<Slice> {
  if (records.length === 0) yield { records, nextOffset }
  for (let at = 0; at < records.length; at += most) {
    const part = records.slice(at, at + most)
    const isLast = at + most >= records.length
    yield { records: part, nextOffset: isLast ? nextOffset : (part.at(-1)?.offset ?? 0n) + 1n }
  }
}
