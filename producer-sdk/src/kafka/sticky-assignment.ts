/** A member of a group and what it held when it last joined. */
export interface MemberClaim {
  readonly memberId: string
  /** Of two claims to the same partition, the one with the later generation counts. */
  readonly generation: number
  /** Partition numbers of all topics. */
  readonly held: ReadonlySet<number>
}

/** Partition numbers by topic. */
export type TopicPartitions = Readonly<Record<string, readonly number[]>>

interface Share {
  readonly claim: MemberClaim
  /** Partitions assigned so far. */
  readonly numbers: number[]
}

/**
 * Assigns partitions to members; the result is by member id.
 *
 * - Co-partitioned: equal partition numbers of all topics go to the same member, so that records of one key are
 * together.
 * - Sticky: a member keeps its partitions up to its fair share; only the others move.
 * - Fair: of the partition numbers with the same topics, the counts of two members differ by at most one.
 */
export function assignSticky(members: readonly MemberClaim[], topics: TopicPartitions): Map<string, TopicPartitions> {
  const names = Object.keys(topics).sort()
  const numbers = [...new Set(names.flatMap((name) => topics[name] ?? []))].sort((a, b) => a - b)
  const topicsWith = (number: number) => names.filter((name) => topics[name]?.includes(number)).join('\n')
  const owners = ownersOf(members)
  const shares = members
    .toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))
    .map((claim): Share => ({ claim, numbers: [] }))
  for (const alike of Map.groupBy(numbers, topicsWith).values()) share(alike, shares, owners)
  return new Map(shares.map((own) => [own.claim.memberId, partitionsOf(own, topics)]))
}

function partitionsOf({ numbers }: Share, topics: TopicPartitions): TopicPartitions {
  const own = new Set(numbers)
  const entries = Object.entries(topics).map(
    ([topic, partitions]) => [topic, partitions.filter((at) => own.has(at))] as const,
  )
  return Object.fromEntries(entries.filter(([, partitions]) => partitions.length > 0))
}

function ownersOf(members: readonly MemberClaim[]): Map<number, MemberClaim> {
  const owners = new Map<number, MemberClaim>()
  for (const claim of members) {
    for (const number of claim.held) {
      const rival = owners.get(number)
      if (rival === undefined || rival.generation < claim.generation) owners.set(number, claim)
    }
  }
  return owners
}

/**
 * Assigns partition numbers with the same topics: first the kept ones, then the others to members below their share.
 */
function share(numbers: readonly number[], shares: readonly Share[], owners: ReadonlyMap<number, MemberClaim>): void {
  const fair = Math.floor(numbers.length / shares.length)
  const larger = numbers.length % shares.length
  // Larger shares go to the members that hold most; among equals, to the member with the fewest partitions in total.
  const ranked = shares
    .map((own) => ({ own, held: numbers.filter((number) => owners.get(number) === own.claim) }))
    .toSorted((a, b) => b.held.length - a.held.length || a.own.numbers.length - b.own.numbers.length)
    .map((entry, index) => ({ ...entry, quota: fair + (index < larger ? 1 : 0) }))
  const kept = new Set(ranked.flatMap(({ held, quota }) => held.slice(0, quota)))
  const rest = numbers.filter((number) => !kept.has(number))
  for (const { own, held, quota } of ranked) {
    const mine = held.slice(0, quota)
    own.numbers.push(...mine, ...rest.splice(0, quota - mine.length))
  }
}
