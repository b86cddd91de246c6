/** A member of a group and what it held when it last joined. */
export interface MemberClaim {
  readonly memberId: string
  /** Of two claims to the same partition the one of the younger generation counts. */
  readonly generation: number
  /** Partition numbers, of whichever topic. */
  readonly held: ReadonlySet<number>
}

/** Partition numbers by topic. */
export type TopicPartitions = Readonly<Record<string, readonly number[]>>

interface Share {
  readonly claim: MemberClaim
  /** What it was given so far. */
  readonly numbers: number[]
}

/**
 * Gives each member its partitions; result by member id.
 *
 * - Co-partitioned: the same number of every topic goes to the same member, so that records of one key are together.
 * - Sticky: a member keeps what it held, as far as its fair share goes; only the rest moves.
 * - Fair: of the numbers that the same topics have, no member gets two more than another.
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

/** Shares out numbers that the same topics have: first what is kept, then the rest, to whoever has less than its share. */
function share(numbers: readonly number[], shares: readonly Share[], owners: ReadonlyMap<number, MemberClaim>): void {
  const fair = Math.floor(numbers.length / shares.length)
  const larger = numbers.length % shares.length
  // Whoever holds most has the best claim to one of the larger shares; of equals, whoever has least in all.
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
