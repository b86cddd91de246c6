import { createDice } from '@valence/testing/inputs/dice'
import { turns } from '@valence/testing/inputs/manual-clock'
import { describe, expect, test } from 'vitest'
import { OriginQueues } from '../../../../src/scoring/batching/origin-queues.ts'
import { PendingText, type Waiter } from '../../../../src/scoring/batching/pending-text.ts'
import { InFlightLimiter } from '../../../../src/scoring/scheduling/in-flight-limiter.ts'
import type { ScoreOrigin } from '../../../../src/scoring/scorer.ts'

const limits = { maxTexts: 4, maxTokens: 100, maxTokensBesideHttp: 20, maxAgeMs: 10 }
const queueTexts = { http: 1_000, cli: 1_000, kafka: 1_000 }
const weights = { http: 4, cli: 1, kafka: 1 }

function create(limiter = new InFlightLimiter(Number.POSITIVE_INFINITY), places = queueTexts) {
  const drops: string[] = []
  const queues = new OriginQueues({
    limits,
    queueTexts: places,
    weights,
    onDrop: ({ key }, reason) => drops.push(`${key} ${reason}`),
  })
  let number = 0

  function place(origin: ScoreOrigin, nowMs: number, change: { tokens?: number } & Partial<Waiter> = {}): PendingText {
    const { tokens = 10, ...rest } = change
    const entry = new PendingText(`${origin}${number++}`, { ids: new Int32Array(tokens), truncated: false }, nowMs)
    const waiter = {
      origin,
      deadline: undefined,
      signal: undefined,
      enqueuedAt: nowMs,
      answer: () => undefined,
      ...rest,
    }
    entry.join(waiter)
    queues.place(entry, origin)
    queues.noteDeadline(waiter.deadline)
    return entry
  }
  function take(nowMs: number, draining = false) {
    queues.dismissLate(nowMs)
    return queues.take(nowMs, limiter, draining)
  }
  const keys = (nowMs: number) => take(nowMs)?.texts.map(({ key }) => key)
  const nextEventMs = (nowMs = 0) => queues.nextEventMs(nowMs, limiter)
  return { queues, drops, place, take, keys, nextEventMs }
}

/** One batch runs, the next one waits, and both are of HTTP. */
function fullLimiter(): InFlightLimiter {
  const limiter = new InFlightLimiter(1)
  limiter.take('http')
  limiter.take('http')
  return limiter
}

describe('take', () => {
  test('gives the batch of the origin whose turn it is, with one origin in a batch', () => {
    const { place, keys } = create()
    for (let i = 0; i < 4; i++) place('kafka', 0)
    place('http', 0)
    expect(keys(10)).toEqual(['http4'])
    expect(keys(10)).toEqual(['kafka0', 'kafka1', 'kafka2', 'kafka3'])
    expect(keys(10)).toBeUndefined()
  })

  test('passes over an origin whose batch does not close yet', () => {
    const { place, take } = create()
    place('http', 0)
    for (let i = 0; i < 4; i++) place('kafka', 0)
    expect(take(1)?.origin).toBe('kafka')
    expect(take(1)).toBeUndefined()
    expect(take(10)?.origin).toBe('http')
  })

  test('drops the late before it chooses', () => {
    const { place, keys, drops, queues } = create()
    const controller = new AbortController()
    place('http', 0, { deadline: 5 })
    place('http', 0, { signal: controller.signal })
    place('http', 0)
    controller.abort()
    expect(keys(10)).toEqual(['http2'])
    expect(drops).toEqual(['http0 deadline', 'http1 abandoned'])
    expect(queues.isEmpty).toBe(true)
  })

  test('drops the late far back in the queue too, so that they are answered in time', () => {
    const { place, take, drops } = create()
    for (let i = 0; i < 200; i++) place('http', 0)
    place('http', 0, { deadline: 5 })
    take(5)
    expect(drops).toEqual(['http200 deadline'])
  })

  test('takes an entry that waits in two queues only once', () => {
    const { queues, place, keys } = create()
    const both = place('kafka', 0)
    queues.place(both, 'http')
    expect(keys(10)).toEqual(['kafka0'])
    expect(keys(10)).toBeUndefined()
    expect(queues.isEmpty).toBe(true)
  })

  test('makes room in every queue of an entry that it takes, and wakes who waits for it', async () => {
    const { queues, place, keys } = create(undefined, { ...queueTexts, http: 1 })
    const both = place('kafka', 0)
    queues.place(both, 'http')
    expect(queues.hasRoom('http')).toBe(false)
    const woken: string[] = []
    void queues.room('http').then(() => woken.push('http'))
    expect(keys(10)).toEqual(['kafka0'])
    expect([queues.depth('http'), queues.depth('kafka')]).toEqual([0, 0])
    await turns()
    expect(woken).toEqual(['http'])
  })

  test('drops an entry from every queue at once', () => {
    const { queues, place, take, drops } = create()
    const both = place('kafka', 0, { deadline: 5 })
    queues.place(both, 'http')
    expect(take(5)).toBeUndefined()
    expect(drops).toEqual(['kafka0 deadline'])
    expect([queues.depth('http'), queues.depth('kafka')]).toEqual([0, 0])
    expect(queues.isEmpty).toBe(true)
  })

  test('keeps the batches of others short while HTTP is about', () => {
    const limiter = new InFlightLimiter(2)
    const { place, take } = create(limiter)
    for (let i = 0; i < 8; i++) place('kafka', 0)
    for (let i = 0; i < 4; i++) place('http', 0)
    limiter.noteHttp(0)
    expect(take(10)).toMatchObject({ origin: 'http', texts: { length: 4 } })
    expect(take(10)).toMatchObject({ origin: 'kafka', texts: { length: 2 }, cause: 'tokens' })
    expect(take(2_000)).toMatchObject({ origin: 'kafka', texts: { length: 4 } })
  })

  test('passes over an origin that may send none out', () => {
    const limiter = new InFlightLimiter(1)
    const { place, take } = create(limiter)
    limiter.noteHttp(10)
    limiter.take('kafka')
    place('kafka', 0)
    expect(take(10)).toBeUndefined()
    place('http', 0)
    expect(take(10)?.origin).toBe('http')
  })

  test('drains what has nobody to wait for', () => {
    const { place, take } = create()
    place('kafka', 0)
    expect(take(0, true)).toMatchObject({ cause: 'drain', origin: 'kafka' })
  })
})

describe('nextEventMs', () => {
  test('is when the oldest text closes its batch by age', () => {
    const { nextEventMs, place } = create()
    expect(nextEventMs()).toBe(Number.POSITIVE_INFINITY)
    place('kafka', 7)
    place('http', 3)
    expect(nextEventMs()).toBe(13)
  })

  test('is the next deadline, also while no batch can leave', () => {
    const { nextEventMs, place } = create(fullLimiter())
    place('http', 3, { deadline: 11 })
    expect(nextEventMs()).toBe(11)
    place('http', 3)
    expect(nextEventMs()).toBe(11)
  })

  test('is the earliest deadline, whatever comes after it', () => {
    const { nextEventMs, place } = create(fullLimiter())
    place('http', 0, { deadline: 5 })
    place('http', 0, { deadline: 50 })
    place('kafka', 0)
    expect(nextEventMs()).toBe(5)
  })

  test('passes over an origin that may send no batch out', () => {
    const { nextEventMs, place } = create(fullLimiter())
    place('kafka', 3)
    expect(nextEventMs()).toBe(Number.POSITIVE_INFINITY)
  })

  test('forgets a deadline that has passed', () => {
    const { nextEventMs, place, take } = create(fullLimiter())
    place('http', 0, { deadline: 5 })
    place('http', 0, { deadline: 50 })
    take(6)
    expect(nextEventMs()).toBe(50)
  })
})

test.each(Array.from({ length: 20 }, (_, seed) => seed))(
  'HTTP waits for few batches whatever Kafka has waiting, and nothing is lost or doubled, seed %i',
  (seed) => {
    const dice = createDice(seed)
    const { place, take } = create()
    const placed: string[] = []
    const taken: string[] = []
    const http = new Map<string, number>()
    for (let batch = 0, nowMs = 0; batch < 300; batch++, nowMs += 5) {
      for (let i = dice.int(6); i > 0; i--) placed.push(place('kafka', nowMs, { tokens: 2 + dice.int(60) }).key)
      if (dice.int(4) === 0) {
        const { key } = place('http', nowMs, { tokens: 2 + dice.int(60) })
        placed.push(key)
        http.set(key, batch)
      }
      for (const { key } of take(nowMs)?.texts ?? []) {
        taken.push(key)
        // Two batches of its own age, and few that its share had to let pass.
        if (http.has(key)) expect(batch - (http.get(key) ?? 0)).toBeLessThanOrEqual(5)
      }
    }
    for (let batch = take(10_000, true); batch; batch = take(10_000, true))
      taken.push(...batch.texts.map(({ key }) => key))
    expect(taken.toSorted()).toEqual(placed.toSorted())
  },
)
