import type { CommittedOffset } from '@valence/producer-sdk/kafka'
import { type LineProgress, readLineProgress, writeLineProgress } from './line-progress.ts'

/** The metadata of a committed offset: `topic-id=ID@CLUSTER@found=COUNT`, and for jobs `@lines=COUNT@refused=COUNT@finished`. */
export interface PositionNote {
  /** Of the topic that the offset is for; undefined where brokers or client do not tell. */
  readonly topicId: string | undefined
  /**
   * Partitions that the topic had when the group began to read it. One that was added later has a number from here on.
   * 0: the topic itself is younger than the group's reading of this name.
   */
  readonly found: number | undefined
  /** Of a job that counts lines; undefined for other groups and for earlier versions. */
  readonly lineProgress?: LineProgress | undefined
}

const idPrefix = 'topic-id='
const foundPrefix = 'found='

/** Committed in the transaction of the offset, so that the two cannot part. */
export function writeNote({ topicId, found, lineProgress }: PositionNote, clusterId: string): string {
  const parts = [
    ...(topicId === undefined ? [] : [`${idPrefix}${topicId}`, clusterId]),
    ...(found === undefined ? [] : [`${foundPrefix}${found}`]),
    ...(lineProgress === undefined ? [] : [writeLineProgress(lineProgress)]),
  ]
  return parts.join('@')
}

/**
 * Offsets that tools or older versions committed say less or nothing. A mirror translates offsets and copies the note of
 * the other cluster: its topic id and partition count are of no use here. A count of lines holds in any cluster.
 */
export function readNote(metadata: string | null | undefined, clusterId: string): PositionNote {
  const parts = (metadata ?? '').split('@')
  const hasId = parts[0]?.startsWith(idPrefix) ?? false
  const isOfHere = !hasId || (parts[1] ?? clusterId) === clusterId
  const lineProgress = readLineProgress(parts)
  if (!isOfHere) return { topicId: undefined, found: undefined, lineProgress }
  const count = parts.find((part) => part.startsWith(foundPrefix))?.slice(foundPrefix.length)
  return {
    topicId: hasId ? parts[0]?.slice(idPrefix.length) : undefined,
    found: count !== undefined && /^\d{1,9}$/.test(count) ? Number(count) : undefined,
    lineProgress,
  }
}

/**
 * How many partitions the topic had when the group began to read it, by what the group committed for any of them. The
 * positions of older versions tell only how far the group had come.
 */
export function partitionsFound(
  committed: ReadonlyMap<number, CommittedOffset>,
  topic: { readonly id: string | undefined; readonly partitions: number },
  clusterId: string,
): number {
  const notes = [...committed.values()].map(({ metadata }) => readNote(metadata, clusterId))
  const isRecreated = notes.some(
    ({ topicId }) => topicId !== undefined && topic.id !== undefined && topicId !== topic.id,
  )
  if (isRecreated) return 0
  const counts = notes.flatMap(({ found }) => found ?? [])
  if (counts.length > 0) return Math.min(...counts)
  return committed.size > 0 ? Math.max(...committed.keys()) + 1 : topic.partitions
}
