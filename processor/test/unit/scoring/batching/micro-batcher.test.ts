import { isValenceError } from '@valence/schemas'
import { ManualClock, turns } from '@valence/testing/inputs/manual-clock'
import { FakeBackend } from '@valence/testing/models/fake-backend'
import { fakeModel } from '@valence/testing/models/fake-model'
import { describe, expect, test } from 'vitest'
import { MicroBatcher } from '../../../../src/scoring/batching/micro-batcher.ts'
import type { InferenceResult } from '../../../../src/scoring/batching/pending-text.ts'
import type { ScoreOptions, ScoreOrigin } from '../../../../src/scoring/scorer.ts'
import type { BatchFacts } from '../../../../src/scoring/scoring-observer.ts'

function create(backend = new FakeBackend()) {
  const clock = new ManualClock()
  const events: string[] = []
  const batches: BatchFacts[] = []
  const batcher = new MicroBatcher(fakeModel(backend), {
    limits: { maxTexts: 4, maxTokens: 100, maxTokensBesideHttp: 8, maxAgeMs: 10 },
    queueTexts: { http: 8, cli: 8, kafka: 8 },
    weights: { http: 4, cli: 1, kafka: 1 },
    clock,
    observer: {
      batchClosed: (facts) => batches.push(facts),
      dropped: (reason) => events.push(`dropped ${reason}`),
      deduplicated: () => events.push('deduplicated'),
      bisected: () => events.push('bisected'),
      queued: (origin, waitedMs) => events.push(`${origin} waited ${waitedMs}`),
    },
  })

  /** Submits texts, each its own key, and gives what became of them as it happens. */
  function submit(texts: readonly string[], options: Partial<ScoreOptions> & { origin: ScoreOrigin }) {
    const outcomes: (InferenceResult | undefined)[] = texts.map(() => undefined)
    texts.forEach((text, index) => {
      batcher.submit({ text, key: text }, options, (outcome) => {
        outcomes[index] = outcome
      })
    })
    return outcomes
  }
  return { backend, clock, events, batches, batcher, submit }
}

const codes = (outcomes: readonly (InferenceResult | undefined)[]) =>
  outcomes.map((outcome) => (isValenceError(outcome) ? outcome.code : outcome && 'scored'))
/** Different texts of one length. */
const texts = (count: number, word = 'good') => Array.from({ length: count }, (_, index) => `${word} ${index}`)

describe('texts are gathered', () => {
  test('until enough wait', async () => {
    const { submit, batches } = create()
    const outcomes = submit(texts(4), { origin: 'kafka' })
    await turns()
    expect(codes(outcomes)).toEqual(new Array(4).fill('scored'))
    expect(batches[0]).toMatchObject({ cause: 'texts', texts: 4 })
  })

  test('or until the oldest has waited long enough', async () => {
    const { submit, batches, clock, events } = create()
    const outcomes = submit(['good'], { origin: 'http' })
    await turns()
    expect(codes(outcomes)).toEqual([undefined])
    await clock.advance(9)
    expect(batches).toEqual([])
    await clock.advance(1)
    expect(codes(outcomes)).toEqual(['scored'])
    expect(batches).toEqual([{ cause: 'age', origin: 'http', texts: 1, tokens: 3, paddedTokens: 3 }])
    expect(events).toEqual(['http waited 10'])
  })

  test('those of one turn of the event loop together, by length', async () => {
    const { submit, backend } = create()
    submit(['ok ok ok ok', 'ok', 'ok ok ok ok ok', 'ok ok', 'ok ok ok ok ok ok', 'ok ok ok', 'good', 'bad'], {
      origin: 'kafka',
    })
    await turns()
    expect(backend.batches[0]?.map((row) => row.length - 2)).toEqual([3, 4, 5, 6])
  })

  test('with one timer for all of them', async () => {
    const { submit, clock } = create()
    submit(['good', 'bad'], { origin: 'http' })
    submit(['great'], { origin: 'kafka', deadline: clock.epochMs() + 5_000 })
    await turns()
    expect(clock.timers).toBe(1)
    await clock.advance(10)
    expect(clock.timers).toBe(0)
  })
})

describe('batches go out', () => {
  test('as many as run at a time, and one formed ahead', async () => {
    const { submit, backend, batches } = create(new FakeBackend(2))
    backend.hold()
    submit(texts(8), { origin: 'kafka' })
    submit(texts(8, 'bad'), { origin: 'cli' })
    await turns()
    expect(backend.mostRunning).toBe(3)
    expect(batches).toHaveLength(3)
    backend.release()
    await turns()
    expect(batches.reduce((sum, batch) => sum + batch.texts, 0)).toBe(16)
  })

  test('an HTTP text at once, to wait for one run of Kafka at most', async () => {
    const { submit, backend, batches, clock } = create(new FakeBackend(2))
    backend.hold()
    submit(texts(8), { origin: 'kafka' })
    submit(texts(8, 'great'), { origin: 'cli' })
    await turns()
    submit(['awful'], { origin: 'http' })
    await clock.advance(10)
    expect(batches.map(({ origin }) => origin)).toEqual(['cli', 'kafka', 'cli', 'http'])
    expect(backend.mostRunning).toBe(4)
    backend.release()
    await turns(20)
    // Two tokens of frame and two of text each: two texts make the eight that are allowed beside HTTP.
    expect(batches.slice(4).map(({ origin, tokens }) => [origin, tokens])).toEqual([
      ['kafka', 8],
      ['kafka', 8],
    ])
  })

  test('HTTP first, while Kafka has a backlog', async () => {
    const { submit, backend, clock } = create()
    backend.hold()
    submit(texts(8), { origin: 'kafka' })
    await turns()
    const http = submit(['awful'], { origin: 'http' })
    submit(texts(8, 'great'), { origin: 'kafka' })
    await clock.advance(10)
    backend.release()
    await turns()
    expect(codes(http)).toEqual(['scored'])
    // Two Kafka batches were out already.
    expect(backend.batches[2]).toHaveLength(1)
  })
})

describe('identical texts under way', () => {
  test('share one inference', async () => {
    const { submit, backend, clock, events } = create()
    const outcomes = submit(['good', 'good', 'good'], { origin: 'kafka' })
    await clock.advance(10)
    expect(codes(outcomes)).toEqual(['scored', 'scored', 'scored'])
    expect(backend.batches).toHaveLength(1)
    expect(events.filter((event) => event === 'deduplicated')).toHaveLength(2)
  })

  test('share it also while it runs', async () => {
    const { submit, backend, clock } = create()
    backend.hold()
    const first = submit(['good'], { origin: 'kafka' })
    await clock.advance(10)
    const second = submit(['good'], { origin: 'http' })
    await clock.advance(10)
    backend.release()
    await turns()
    expect(codes([...first, ...second])).toEqual(['scored', 'scored'])
    expect(backend.batches).toHaveLength(1)
  })

  test('are fetched from far behind when somebody more urgent asks', async () => {
    const { submit, backend, clock } = create()
    backend.hold()
    submit(texts(8), { origin: 'kafka' })
    await turns()
    submit([...texts(5, 'great'), 'awful'], { origin: 'kafka' })
    const http = submit(['awful'], { origin: 'http' })
    await clock.advance(10)
    backend.release()
    await turns()
    expect(codes(http)).toEqual(['scored'])
    expect(backend.batches[2]).toEqual([expect.objectContaining({ length: 3 })])
  })

  test('are inferred again once the answer was given', async () => {
    const { submit, backend, clock } = create()
    submit(['good'], { origin: 'kafka' })
    await clock.advance(10)
    submit(['good'], { origin: 'kafka' })
    await clock.advance(10)
    expect(backend.batches).toHaveLength(2)
  })
})

describe('a text is given up', () => {
  test('when its deadline passes before its batch, at the deadline and not later', async () => {
    const { submit, backend, clock, events } = create()
    backend.hold()
    submit(texts(8), { origin: 'http' })
    await turns()
    const late = submit(['bad'], { origin: 'http', deadline: clock.epochMs() + 25 })
    await clock.advance(24)
    expect(codes(late)).toEqual([undefined])
    await clock.advance(1)
    expect(codes(late)).toEqual(['VAL_DEADLINE_EXCEEDED'])
    expect(events).toContain('dropped deadline')
    backend.release()
    await turns()
    expect(backend.batches.flat()).toHaveLength(8)
  })

  test('also when its deadline came with a later asker', async () => {
    const { submit, backend, clock } = create()
    backend.hold()
    submit(texts(8), { origin: 'http' })
    await turns()
    const patient = submit(['bad'], { origin: 'http' })
    const late = submit(['bad'], { origin: 'http', deadline: clock.epochMs() + 25 })
    await turns()
    await clock.advance(25)
    expect(codes([...patient, ...late])).toEqual([undefined, 'VAL_DEADLINE_EXCEEDED'])
    backend.release()
    await turns()
    expect(codes(patient)).toEqual(['scored'])
  })

  test('when its caller has left', async () => {
    const { submit, backend, clock, events } = create()
    const controller = new AbortController()
    const left = submit(['bad'], { origin: 'http', signal: controller.signal })
    const stayed = submit(['good'], { origin: 'http' })
    await turns()
    controller.abort()
    await clock.advance(10)
    expect(codes([...left, ...stayed])).toEqual(['VAL_REQUEST_ABANDONED', 'scored'])
    expect(events).toContain('dropped abandoned')
    expect(backend.batches.flat()).toHaveLength(1)
  })

  test('but not while somebody else still wants it', async () => {
    const { submit, clock } = create()
    const late = submit(['good'], { origin: 'http', deadline: clock.epochMs() + 5 })
    const patient = submit(['good'], { origin: 'kafka' })
    await clock.advance(10)
    expect(codes([...late, ...patient])).toEqual(['VAL_DEADLINE_EXCEEDED', 'scored'])
  })

  test('and may be asked for again', async () => {
    const { submit, clock } = create()
    submit(['good'], { origin: 'http', deadline: clock.epochMs() + 5 })
    await clock.advance(5)
    const again = submit(['good'], { origin: 'http' })
    await clock.advance(10)
    expect(codes(again)).toEqual(['scored'])
  })
})

describe('when the queue of an origin is full', () => {
  test('its texts are refused at once; other origins have room', async () => {
    const { submit, backend, batcher } = create()
    backend.hold()
    submit(texts(8), { origin: 'http' })
    await turns()
    const outcomes = submit([...texts(8, 'bad'), 'awful'], { origin: 'http' })
    await turns()
    expect(codes(outcomes)).toEqual([...new Array(8).fill(undefined), 'VAL_QUEUE_FULL'])
    expect(batcher.hasRoom('http')).toBe(false)
    expect(batcher.hasRoom('kafka')).toBe(true)
  })

  test('who waits for room is told when a batch leaves', async () => {
    const { submit, backend, batcher } = create()
    backend.hold()
    submit(texts(8), { origin: 'kafka' })
    await turns()
    submit(texts(8, 'bad'), { origin: 'kafka' })
    let told = false
    void batcher.room('kafka').then(() => {
      told = true
    })
    await turns()
    expect(told).toBe(false)
    backend.release()
    await turns()
    expect(told).toBe(true)
  })
})

test('a bad text is rejected alone and the rest of its batch is scored', async () => {
  const { submit, events } = create()
  const outcomes = submit(['good', 'bad', 'poison', 'great'], { origin: 'kafka' })
  await turns(20)
  expect(codes(outcomes)).toEqual(['scored', 'scored', 'VAL_INFERENCE_FAILED', 'scored'])
  expect(events.filter((event) => event === 'bisected')).toHaveLength(2)
})

describe('drain', () => {
  test('runs what waits at once, then resolves; later texts may try elsewhere', async () => {
    const { submit, batcher, batches, backend } = create()
    backend.hold()
    const outcomes = submit(['good', 'bad'], { origin: 'kafka' })
    let drained = false
    void batcher.drain().then(() => {
      drained = true
    })
    await turns()
    expect(batches).toEqual([expect.objectContaining({ cause: 'drain', texts: 2 })])
    expect(drained).toBe(false)
    expect(codes(submit(['late'], { origin: 'kafka' }))).toEqual(['VAL_INFERENCE_UNAVAILABLE'])
    backend.release()
    await turns()
    expect(codes(outcomes)).toEqual(['scored', 'scored'])
    expect(drained).toBe(true)
  })

  test('resolves at once when nothing waits', async () => {
    await create().batcher.drain()
  })
})
