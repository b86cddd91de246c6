import { createHash } from 'node:crypto'

/** The instances of a generation, as a member learns of them. */
export interface AliveInstances {
  /** Whether the instance was a member of the generation; in 1 of 4 billion cases true of another one. */
  has(instance: string): boolean
  /** The generation has members that do not name their instance: any instance may be one of them. */
  readonly hasOldMembers: boolean
}

const version = 1
const flags = { hasOldMembers: 1 } as const
const headerBytes = 2
const hashBytes = 4
/**
 * Of all members' lists together. Kafka stores the assignments of a group in one record, which
 * `max.message.bytes` of __consumer_offsets bounds (1 MiB); at 256 KiB there are 256 members.
 */
const maxTotalBytes = 256 * 1024

function hashOf(instance: string): string {
  return createHash('sha256')
    .update(instance)
    .digest('hex')
    .slice(0, 2 * hashBytes)
}

/**
 * For the assignment of each member: a version byte, a byte of flags, and 4 bytes of the SHA-256 of each instance.
 * Names would grow with the square of the group. Empty where the group is too large; its members know nothing then.
 *
 * @param instances of each member; undefined for one that names none
 */
export function encodeInstances(instances: readonly (string | undefined)[]): Buffer {
  const named = [...new Set(instances.filter((instance) => instance !== undefined))].sort()
  if (instances.length * (headerBytes + named.length * hashBytes) > maxTotalBytes) return Buffer.alloc(0)
  const hasOldMembers = instances.includes(undefined)
  const header = Buffer.of(version, hasOldMembers ? flags.hasOldMembers : 0)
  return Buffer.concat([header, ...named.map((instance) => Buffer.from(hashOf(instance), 'hex'))])
}

/** @returns undefined for what is not of this version: the leader is older or newer, or the group too large */
export function decodeInstances(userData: Buffer): AliveInstances | undefined {
  const bytes = userData.length - headerBytes
  if (bytes < 0 || userData[0] !== version || bytes % hashBytes !== 0) return undefined
  const hashes = new Set<string>()
  for (let at = headerBytes; at < userData.length; at += hashBytes) {
    hashes.add(userData.toString('hex', at, at + hashBytes))
  }
  const hasOldMembers = ((userData[1] ?? 0) & flags.hasOldMembers) !== 0
  return { has: (instance) => hashes.has(hashOf(instance)), hasOldMembers }
}
