import type { CommittingMember, OffsetToCommit, PositionReading } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'

type Partition = Pick<OffsetToCommit, 'topic' | 'partition'>

const nameOf = ({ topic, partition }: Partition) => `${topic}/${partition}`

/**
 * A group and the offsets that transactions commit to it, in memory, by the broker's rules: offsets in a member's name
 * are checked against the current generation, and what an open transaction has sent is unstable.
 * `producer-sdk/test/integration/group-transactions.test.ts` holds a real broker to the same.
 */
export class FakeGroup {
  readonly #members = new Map<string, string | null>()
  readonly #committed = new Map<string, OffsetToCommit>()
  readonly #open = new Map<string, Map<string, OffsetToCommit>>()
  #generation = 0
  #joins = 0

  /** A new generation; but a static member that comes back takes its place in the present one. */
  join(instanceId: string | null = null): CommittingMember {
    this.#joins += 1
    const memberId = `member-${this.#joins}`
    const earlier = [...this.#members].find(([, own]) => instanceId !== null && own === instanceId)?.[0]
    if (earlier === undefined) this.#generation += 1
    else this.#members.delete(earlier)
    this.#members.set(memberId, instanceId)
    return { generationId: this.#generation, memberId, instanceId }
  }

  leave({ memberId }: CommittingMember): void {
    if (this.#members.delete(memberId)) this.#generation += 1
  }

  /** The member as it is in the present generation. */
  current({ memberId, instanceId }: CommittingMember): CommittingMember {
    return { generationId: this.#generation, memberId, instanceId }
  }

  /** @throws VAL_KAFKA_GENERATION_OVER; without a member nothing is checked */
  send(transactionalId: string, offsets: readonly OffsetToCommit[], member?: CommittingMember): void {
    const refusal = member && this.#refusalOf(member)
    if (refusal !== undefined) throw new ValenceError('VAL_KAFKA_GENERATION_OVER', refusal)
    const pending = this.#open.get(transactionalId) ?? new Map<string, OffsetToCommit>()
    for (const offset of offsets) pending.set(nameOf(offset), offset)
    this.#open.set(transactionalId, pending)
  }

  /** The end of a transaction is never checked against the group. */
  end(transactionalId: string, outcome: 'commit' | 'abort'): void {
    const pending = this.#open.get(transactionalId) ?? new Map<string, OffsetToCommit>()
    this.#open.delete(transactionalId)
    if (outcome === 'commit') for (const [name, offset] of pending) this.#committed.set(name, offset)
  }

  read(partitions: readonly Partition[]): PositionReading[] {
    return partitions.map(({ topic, partition }) => {
      const name = nameOf({ topic, partition })
      if ([...this.#open.values()].some((pending) => pending.has(name))) return { topic, partition, state: 'unstable' }
      const own = this.#committed.get(name)
      return own === undefined ? { topic, partition, state: 'none' } : { ...own, state: 'committed' }
    })
  }

  #refusalOf({ generationId, memberId, instanceId }: CommittingMember): string | undefined {
    const holder = [...this.#members].find(([, own]) => instanceId !== null && own === instanceId)?.[0]
    if (holder !== undefined && holder !== memberId) return 'FENCED_INSTANCE_ID'
    if (!this.#members.has(memberId)) return 'UNKNOWN_MEMBER_ID'
    return generationId === this.#generation ? undefined : 'ILLEGAL_GENERATION'
  }
}
