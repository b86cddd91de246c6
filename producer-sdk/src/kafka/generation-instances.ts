import { createHash } from 'node:crypto'

/** The instances of a generation, as received by a member. */
export interface AliveInstances {
  /** Whether the instance was a member of the generation; a false positive has the probability 2^-32. */
  has(instance: string): boolean
  /** The generation has members without an instance name: any instance may be one of them. */
  readonly hasOldMembers: boolean
}

const version = 1
const flags = { hasOldMembers: 1 } as const
const headerBytes = 2
const hashBytes = 4
/**
 * Maximum size of the lists of all members together. Kafka stores the assignments of a group in one record, limited by
 * `max.message.bytes` of __consumer_offsets (1 MiB); 256 KiB are reached with 256 members.
 */
const maxTotalBytes = 256 * 1024

function hashOf(instance: string): string {
  return createHash('sha256')
    .update(instance)
    .digest('hex')
    .slice(0, 2 * hashBytes)
}

/**
 * Encodes the list for the assignment of each member: a version byte, a byte of flags, and 4 bytes of the SHA-256 of
 * each instance. Full names would take too much space, because the total grows with the square of the group. Empty if
 * the group is too large.
 *
 * @param instances instance name of each member; undefined for a member without one
 */
export function encodeInstances(instances: readonly (string | undefined)[]): Buffer {
  const named = [...new Set(instances.filter((instance) => instance !== undefined))].sort()
  if (instances.length * (headerBytes + named.length * hashBytes) > maxTotalBytes) return Buffer.alloc(0)
  const hasOldMembers = instances.includes(undefined)
  const header = Buffer.of(version, hasOldMembers ? flags.hasOldMembers : 0)
  return Buffer.concat([header, ...named.map((instance) => Buffer.from(hashOf(instance), 'hex'))])
}

/** @returns undefined for another version (older or newer leader), or if the group is too large */
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
