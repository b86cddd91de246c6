import { createDice } from '@valence/testing/inputs/dice'
import { describe, expect, test } from 'vitest'
import { FairShare } from '../../../../src/scoring/scheduling/fair-share.ts'
import type { ScoreOrigin } from '../../../../src/scoring/scorer.ts'

const weights = { http: 4, cli: 1, kafka: 1 }

/** Serves batches of so many tokens to whoever has work, and counts what each origin got. */
function serve(shares: FairShare, rounds: number, work: (round: number) => Partial<Record<ScoreOrigin, number>>) {
  const got: Record<ScoreOrigin, number> = { http: 0, cli: 0, kafka: 0 }
  const order: ScoreOrigin[] = []
  for (let round = 0; round < rounds; round++) {
    const waiting = work(round)
    const origin = shares.order().find((candidate) => waiting[candidate] !== undefined)
    if (!origin) continue
    shares.charge(origin, waiting[origin] ?? 0)
    got[origin] += waiting[origin] ?? 0
    order.push(origin)
  }
  return { got, order }
}

test('at first the most urgent is served', () => {
  expect(new FairShare(weights).order()).toEqual(['http', 'cli', 'kafka'])
})

describe('while all have work', () => {
  test('each gets the share of its weight, counted in tokens', () => {
    const { got } = serve(new FairShare(weights), 6_000, () => ({ http: 100, cli: 50, kafka: 200 }))
    const total = got.http + got.cli + got.kafka
    expect(got.http / total).toBeCloseTo(4 / 6, 1)
    expect(got.cli / total).toBeCloseTo(1 / 6, 1)
    expect(got.kafka / total).toBeCloseTo(1 / 6, 1)
  })

  test('two of them share what the third leaves', () => {
    const { got } = serve(new FairShare(weights), 6_000, () => ({ http: 100, kafka: 100 }))
    expect(got.http / got.kafka).toBeCloseTo(4, 1)
  })
})

test('a trickle of HTTP is served at once, however long the Kafka backlog was', () => {
  const { order } = serve(new FairShare(weights), 1_000, (round) =>
    round % 10 === 9 ? { http: 25, kafka: 250 } : { kafka: 250 },
  )
  expect(order.filter((_, round) => round % 10 === 9).every((origin) => origin === 'http')).toBe(true)
})

test('who was idle has saved up nothing', () => {
  const shares = new FairShare(weights)
  serve(shares, 1_000, () => ({ http: 250 }))
  const { got } = serve(shares, 60, () => ({ http: 100, kafka: 100 }))
  expect(got.http / got.kafka).toBeCloseTo(4, 0)
})

test.each(Array.from({ length: 20 }, (_, seed) => seed))('nobody with work waits without end, seed %i', (seed) => {
  const dice = createDice(seed)
  const shares = new FairShare({ http: 1 + dice.int(8), cli: 1 + dice.int(3), kafka: 1 + dice.int(3) })
  const { order } = serve(shares, 2_000, () => ({ http: 1 + dice.int(256), cli: 1 + dice.int(256), kafka: 256 }))
  for (const origin of ['http', 'cli', 'kafka'] as const) {
    const turns = order.flatMap((served, round) => (served === origin ? [round] : []))
    const gaps = turns.slice(1).map((round, index) => round - (turns[index] ?? 0))
    // A turn of 256 tokens at weight 1 lets 256 × 8 tokens of others pass; most turns are of some hundred tokens.
    expect(Math.max(...gaps)).toBeLessThan(300)
  }
})
