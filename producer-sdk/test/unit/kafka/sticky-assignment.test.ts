import { createDice } from '@valence/testing/inputs/dice'
import { describe, expect, it } from 'vitest'
import { assignSticky, type MemberClaim, type TopicPartitions } from '../../../src/kafka/sticky-assignment.ts'

const range = (count: number) => Array.from({ length: count }, (_, index) => index)
const claim = (memberId: string, held: readonly number[] = [], generation = 1): MemberClaim => ({
  memberId,
  generation,
  held: new Set(held),
})

/** The members with what they were given, as they come into the next round. */
function next(assigned: ReadonlyMap<string, TopicPartitions>, generation: number): MemberClaim[] {
  return [...assigned].map(([memberId, topics]) => claim(memberId, Object.values(topics).flat(), generation))
}

const counts = (assigned: ReadonlyMap<string, TopicPartitions>, topic: string) =>
  [...assigned.values()].map((topics) => topics[topic]?.length ?? 0)

type Assigned = ReturnType<typeof assignSticky>

const numbersOf = (own: object): Set<number> => new Set(Object.values(own).flat())

/** Two classes of numbers at most: those that both topics have, and those of the longer one. */
function expectFair(assigned: Assigned, shared: number): void {
  const held = [...assigned.values()].map(numbersOf)
  for (const isShared of [true, false]) {
    const sizes = held.map((own) => [...own].filter((at) => at < shared === isShared).length)
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
  }
}

/** A member gives away no more than brings it down to its share. */
function expectSticky(assigned: Assigned, before: ReadonlyMap<string, ReadonlySet<number>>, shared: number): void {
  for (const [memberId, own] of assigned) {
    const now = numbersOf(own)
    const lost = [...(before.get(memberId) ?? [])].filter((number) => !now.has(number))
    const gained = [...now].filter((number) => !before.get(memberId)?.has(number))
    for (const isShared of [true, false]) {
      const inClass = (at: number) => at < shared === isShared
      expect(lost.some(inClass) && gained.some(inClass)).toBe(false)
    }
  }
}

describe('assignSticky', () => {
  it('gives everything to the only member', () => {
    expect(assignSticky([claim('a')], { texts: range(3) })).toEqual(new Map([['a', { texts: [0, 1, 2] }]]))
  })

  it('shares fairly, and leaves who is too many without', () => {
    expect(counts(assignSticky([claim('a'), claim('b'), claim('c')], { texts: range(8) }), 'texts').sort()).toEqual([
      2, 3, 3,
    ])
    const assigned = assignSticky([claim('a'), claim('b'), claim('c')], { texts: range(2) })
    expect(counts(assigned, 'texts').sort()).toEqual([0, 1, 1])
  })

  it('gives the same number of every topic to the same member', () => {
    const assigned = assignSticky([claim('a'), claim('b')], { texts: range(4), replies: range(4), notes: range(6) })
    for (const { texts, replies, notes } of assigned.values()) {
      expect(replies).toEqual(texts)
      expect(notes?.filter((number) => number < 4)).toEqual(texts)
    }
    expect(counts(assigned, 'notes')).toEqual([3, 3])
  })

  it('moves nothing when nothing changes, whatever the members are called now', () => {
    const before = assignSticky([claim('a'), claim('b'), claim('c')], { texts: range(7) })
    const renamed = next(before, 2).map((own, index) => ({ ...own, memberId: `z${2 - index}` }))
    const after = assignSticky(renamed, { texts: range(7) })
    for (const { memberId, held } of renamed) expect(after.get(memberId)?.texts).toEqual([...held])
  })

  it('gives a member that restarted and remembers nothing what nobody else holds', () => {
    const before = next(assignSticky([claim('a'), claim('b'), claim('c')], { texts: range(6) }), 1)
    const after = assignSticky([...before.slice(0, 2), claim('reborn')], { texts: range(6) })
    expect(after.get('reborn')?.texts).toEqual([...(before[2]?.held ?? [])])
  })

  it('believes the younger of two claims', () => {
    const assigned = assignSticky([claim('zombie', [0, 1, 2], 3), claim('owner', [0, 1, 2], 7), claim('new')], {
      texts: range(6),
    })
    expect(assigned.get('owner')?.texts).toEqual([0, 1])
    expect(assigned.get('zombie')?.texts).not.toEqual(expect.arrayContaining([0, 1]))
  })

  it('drops claims to partitions that there are not', () => {
    expect(assignSticky([claim('a', [0, 17])], { texts: range(2) }).get('a')).toEqual({ texts: [0, 1] })
  })

  it('gives new partitions away without moving old ones', () => {
    const before = assignSticky([claim('a'), claim('b')], { texts: range(4) })
    const after = assignSticky(next(before, 2), { texts: range(8) })
    for (const [memberId, { texts }] of before) {
      expect(after.get(memberId)?.texts).toEqual(expect.arrayContaining([...(texts ?? [])]))
    }
    expect(counts(after, 'texts')).toEqual([4, 4])
  })

  it('stays complete, fair and sticky through random comings and goings', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const dice = createDice(seed)
      const topics = { texts: range(1 + dice.int(24)), notes: range(1 + dice.int(24)) }
      let members = [claim('m0')]
      for (let round = 1; round <= 12; round += 1) {
        const before = new Map(members.map(({ memberId, held }) => [memberId, held]))
        if (dice.int(2) === 0 || members.length === 1) members = [...members, claim(`m${seed}-${round}`, [], -1)]
        else members = members.toSpliced(dice.int(members.length), 1)
        const assigned = assignSticky(members, topics)
        for (const topic of ['texts', 'notes'] as const) {
          const given = [...assigned.values()].flatMap((own) => own[topic] ?? [])
          expect(given.sort((a, b) => a - b)).toEqual(topics[topic])
        }
        const shared = Math.min(topics.texts.length, topics.notes.length)
        expectFair(assigned, shared)
        expectSticky(assigned, before, shared)
        members = next(assigned, round)
      }
    }
  })
})
