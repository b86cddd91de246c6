import type { Consumer } from 'kafkajs'
import { partsOf } from './overlay/client-parts.ts'
import { standingOf } from './overlay/group-standing.ts'
import type { CommittingMember } from './overlay/txn-offset-commit.ts'

/**
 * Member id and generation of the consumer's current assignment, for `sendTransactionOffsets`. Read synchronously in a
 * listener of GROUP_JOIN, it belongs to that event's assignment. It does not change until the next assignment, also
 * while the group rebalances.
 *
 * @returns undefined before the first join, and without the overlay
 */
export function groupMember(consumer: Consumer): CommittingMember | undefined {
  const standing = standingOf(partsOf(consumer)?.cluster ?? consumer)
  if (!standing) return undefined
  const { generationId, memberId, instanceId } = standing
  return { generationId, memberId, instanceId }
}
