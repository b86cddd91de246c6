import { randomUUID } from 'node:crypto'
import type { TopicPartition } from './topic-partition.ts'

/**
 * The names that are derived from the group of the processors. All begin with it, so that one prefixed grant covers them
 * (docs/security.md); whoever tells groups apart asks here, too.
 */

/** For one reading of one command: nothing is committed to it. */
export function throwawayGroup(groupId: string): string {
  return `${groupId}.cli.${randomUUID()}`
}

export function isThrowawayGroup(groupId: string): boolean {
  return /\.cli\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(groupId)
}

/** Holds how far one object of `bulk` has come. */
export function bulkGroup(groupId: string, fingerprint: string): string {
  return `${groupId}.bulk.${fingerprint}`
}

export function isBulkGroup(groupId: string, name: string): boolean {
  return name.startsWith(bulkGroup(groupId, ''))
}

/** A span of a topic, scored once more; times in epoch milliseconds. */
export interface ReplayedSpan {
  readonly topic: string
  readonly outputTopic: string
  readonly from: number
  readonly to: number
}

export function replayGroup(groupId: string, { topic, outputTopic, from, to }: ReplayedSpan): string {
  return `${groupId}.replay.${topic}.${outputTopic}.${from}-${to}`
}

/** A group passes over what its filter leaves out, so each choice of codes gets a group of its own. */
export function letterReplayGroup(groupId: string, codes: Iterable<string>): string {
  return [`${groupId}.replay`, ...[...codes].sort()].join('.')
}

/** Of `replay` or of `dlq replay`. */
export function isReplayGroup(groupId: string, name: string): boolean {
  return name === letterReplayGroup(groupId, []) || name.startsWith(`${letterReplayGroup(groupId, [])}.`)
}

/** What readers of committed events begin their own groups with. */
export function readerGroupPrefix(groupId: string, reader: 'feedback' | 'stream'): string {
  return `${groupId}-${reader}`
}

/** Fixed by group and partition: a later owner of the partition fences the earlier one. */
export function partitionTransactionalId(groupId: string, { topic, partition }: TopicPartition): string {
  return `${groupId}.${topic}.${partition}`
}

/** Of a command that writes, but for no partition. */
export function commandTransactionalId(groupId: string, command: 'restore' | 'doctor'): string {
  return `${groupId}.${command}`
}
