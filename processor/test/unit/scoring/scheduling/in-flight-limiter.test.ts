import { createDice } from '@valence/testing/inputs/dice'
import { expect, test } from 'vitest'
import { InFlightLimiter } from '../../../../src/scoring/scheduling/in-flight-limiter.ts'
import type { ScoreOrigin } from '../../../../src/scoring/scorer.ts'

/** Sends out as many batches of an origin as may go. */
function fill(seats: InFlightLimiter, origin: ScoreOrigin, nowMs = 0): number {
  let sent = 0
  for (; seats.has(origin, nowMs); sent++) seats.take(origin)
  return sent
}

test.each(['http', 'cli', 'kafka'] as const)('%s alone has one batch out more than run at a time', (origin) => {
  expect(fill(new InFlightLimiter(2), origin)).toBe(3)
})

test('the bulk shares its places', () => {
  const seats = new InFlightLimiter(2)
  seats.take('cli')
  expect(fill(seats, 'kafka')).toBe(2)
  expect(seats.has('cli', 0)).toBe(false)
})

test('while HTTP is about, the place ahead is kept for it', () => {
  const seats = new InFlightLimiter(2)
  seats.noteHttp(0)
  expect(fill(seats, 'kafka', 999)).toBe(2)
  expect(fill(seats, 'http', 999)).toBe(1)
})

test('when HTTP has been silent for a second, the others take the place ahead again', () => {
  const seats = new InFlightLimiter(2)
  seats.noteHttp(0)
  expect(fill(seats, 'kafka', 1_000)).toBe(3)
})

test('HTTP is about for as long as a batch of it is out', () => {
  const seats = new InFlightLimiter(2)
  seats.noteHttp(0)
  seats.take('http')
  expect(seats.isHttpAbout(60_000)).toBe(true)
  seats.leave('http')
  expect(seats.isHttpAbout(60_000)).toBe(false)
})

test('where the bulk already holds the place ahead, HTTP gets another', () => {
  const seats = new InFlightLimiter(2)
  expect(fill(seats, 'kafka')).toBe(3)
  seats.noteHttp(0)
  expect(fill(seats, 'http')).toBe(1)
})

test('a flood of HTTP leaves room for the bulk as it leaves', () => {
  const seats = new InFlightLimiter(1)
  seats.noteHttp(0)
  expect(fill(seats, 'http')).toBe(2)
  expect(seats.has('kafka', 0)).toBe(false)
  seats.leave('http')
  expect(seats.has('kafka', 0)).toBe(true)
})

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  'whoever asks, nobody waits without a batch out, and no more than two a worker are, seed %i',
  (seed) => {
    const dice = createDice(seed)
    const concurrency = 1 + dice.int(4)
    const seats = new InFlightLimiter(concurrency)
    const out: ScoreOrigin[] = []
    for (let nowMs = 0; nowMs < 5_000; nowMs += dice.int(50)) {
      const origin = dice.pick(['http', 'cli', 'kafka'] as const)
      if (origin === 'http' && dice.int(8) === 0) seats.noteHttp(nowMs)
      if (seats.has(origin, nowMs)) {
        seats.take(origin)
        out.push(origin)
      } else expect(out.length).toBeGreaterThanOrEqual(concurrency)
      expect(out.length).toBeLessThanOrEqual(concurrency === 1 ? 3 : 2 * concurrency)
      if (dice.int(2) === 0 && out.length > 0) seats.leave(out.splice(dice.int(out.length), 1)[0] as ScoreOrigin)
    }
    for (const origin of out) seats.leave(origin)
    expect(seats.isIdle).toBe(true)
  },
)
