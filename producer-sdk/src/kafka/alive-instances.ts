import type { Consumer } from 'kafkajs'
import { type AliveInstances, decodeInstances } from './generation-instances.ts'
import { partsOf } from './overlay/client-parts.ts'
import { standingOf } from './overlay/group-standing.ts'
import { stickyAssignerName } from './sticky-assigner.ts'

/**
 * The instances of the generation that the consumer's assignment is of, as its leader knew them; see `groupMember` for
 * when to read it.
 *
 * @returns undefined where nothing is known: before the first join, without the overlay, in a group whose leader uses
 *   another assigner or an earlier version of ours, or in one of more than 256 members
 */
export function aliveInstances(consumer: Consumer): AliveInstances | undefined {
  const cluster = partsOf(consumer)?.cluster
  const standing = cluster && standingOf(cluster)
  if (standing?.protocol !== stickyAssignerName) return undefined
  return decodeInstances(standing.userData)
}
