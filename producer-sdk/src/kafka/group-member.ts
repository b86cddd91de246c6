import type { Consumer } from 'kafkajs'
import { partsOf } from './overlay/client-parts.ts'
import { standingOf } from './overlay/group-standing.ts'
import type { CommittingMember } from './overlay/txn-offset-commit.ts'

/**
 * Who the consumer is in its group: the member and the generation of its current assignment, for
 * `sendTransactionOffsets`. Read it in a listener of GROUP_JOIN, synchronously, and it belongs to that event's
 * assignment. It stays what it was until the next one, also while the group joins again.
 *
 * @returns undefined before the first join, and without the overlay
 */
export function groupMember(consumer: Consumer): CommittingMember | undefined {
  const standing = standingOf(partsOf(consumer)?.cluster ?? consumer)
  if (!standing) return undefined
  const { generationId, memberId, instanceId } = standing
  return { generationId, memberId, instanceId }
}
