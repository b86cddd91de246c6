import type { Consumer } from 'kafkajs'
import { type AliveInstances, decodeInstances } from './generation-instances.ts'
import { partsOf } from './overlay/client-parts.ts'
import { standingOf } from './overlay/group-standing.ts'
import { stickyAssignerName } from './sticky-assigner.ts'

/**
 * The instances in the generation of the consumer's current assignment, as sent by the group leader; see `groupMember`
 * for when to read it.
 *
 * @returns undefined if unknown: before the first join, without the overlay, if the group leader uses another assigner
 *   or an earlier version of this one, or in a group of more than 256 members
 */
export function aliveInstances(consumer: Consumer): AliveInstances | undefined {
  const cluster = partsOf(consumer)?.cluster
  const standing = cluster && standingOf(cluster)
  if (standing?.protocol !== stickyAssignerName) return undefined
  return decodeInstances(standing.userData)
}
