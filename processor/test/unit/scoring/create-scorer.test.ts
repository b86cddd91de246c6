import { turns } from '@valence/testing/inputs/manual-clock'
import { FakeBackend } from '@valence/testing/models/fake-backend'
import { fakeModel } from '@valence/testing/models/fake-model'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Verdict } from '../../../src/domain/verdict.ts'
import { ActiveModel } from '../../../src/model/active-model.ts'
import { MemoryCache } from '../../../src/scoring/caching/memory-cache.ts'
import { cacheKey, type ScoreCache } from '../../../src/scoring/caching/score-cache.ts'
import { createScorer, type ScorerOptions } from '../../../src/scoring/create-scorer.ts'

function create(options: ScorerOptions = {}, backend = new FakeBackend()) {
  const models = new ActiveModel(fakeModel(backend))
  return { backend, models, scorer: createScorer(models, { limits: { maxAgeMs: 0 }, ...options }) }
}

const kinds = (verdicts: readonly Verdict[]) =>
  verdicts.map((verdict) => (verdict.kind === 'scored' ? verdict.sentiment.label : verdict.error.code))

describe('scoring', () => {
  test('gives each text its verdict, in the order asked', async () => {
    const { scorer } = create()
    const texts = ['good', '', 'awful awful', ' \n', 'poison', 'x'.repeat(64 * 1024 + 1), 'unknown', 'great']
    expect(kinds(await scorer.scoreAll(texts, { origin: 'kafka' }))).toEqual([
      'positive',
      'VAL_TEXT_EMPTY',
      'negative',
      'VAL_TEXT_EMPTY',
      'VAL_INFERENCE_FAILED',
      'VAL_TEXT_TOO_LARGE',
      'negative',
      'positive',
    ])
  })

  test('tells all about a scored text', async () => {
    const { scorer } = create()
    expect(await scorer.score('good', { origin: 'cli' })).toEqual({
      kind: 'scored',
      sentiment: {
        label: 'positive',
        scores: {
          negative: expect.closeTo(0.09, 2),
          neutral: expect.closeTo(0.245, 3),
          positive: expect.closeTo(0.665, 3),
        },
        valence: expect.closeTo(0.575, 3),
        tokens: 3,
        truncated: false,
        model: { name: 'tiny', version: '1', sha256: 'abcdefabcdef' },
      },
    })
  })

  test('of no texts gives no verdicts', async () => {
    expect(await create().scorer.scoreAll([], { origin: 'kafka' })).toEqual([])
  })

  test('refuses a text that no encoding can write', async () => {
    const { scorer } = create()
    const verdict = await scorer.score('good \ud83d', { origin: 'http' })
    expect(verdict).toMatchObject({ kind: 'rejected', error: { code: 'VAL_RECORD_NOT_UTF8' } })
  })

  test('of more texts than may wait holds the caller back and loses none', async () => {
    const backend = new FakeBackend(2)
    const depths: number[] = []
    const { scorer } = create(
      { queueTexts: { kafka: 20 }, observer: { queueDepth: (_, texts) => depths.push(texts) } },
      backend,
    )
    const texts = Array.from({ length: 2_000 }, (_, index) => `${index % 2 === 0 ? 'good' : 'bad'} ${index}`)
    const verdicts = await scorer.scoreAll(texts, { origin: 'kafka' })
    expect(kinds(verdicts).every((label, index) => label === (index % 2 === 0 ? 'positive' : 'negative'))).toBe(true)
    expect(Math.max(...depths)).toBeLessThanOrEqual(20)
  })

  test('of several callers for little room refuses none of them', async () => {
    const { scorer } = create({ queueTexts: { kafka: 5 } }, new FakeBackend(2))
    const calls = Array.from({ length: 8 }, (_, caller) =>
      scorer.scoreAll(
        Array.from({ length: 100 }, (_, index) => `good ${caller} ${index}`),
        { origin: 'kafka' },
      ),
    )
    expect(new Set(kinds((await Promise.all(calls)).flat()))).toEqual(new Set(['positive']))
  })

  test('of more HTTP texts than may wait refuses the rest at once', async () => {
    const { scorer, backend } = create({ queueTexts: { http: 10 } })
    backend.hold()
    const all = scorer.scoreAll(
      Array.from({ length: 60 }, (_, index) => `good ${'ok '.repeat(index)}`),
      { origin: 'http' },
    )
    await turns(50)
    backend.release()
    const refused = kinds(await all).filter((kind) => kind === 'VAL_QUEUE_FULL').length
    expect(refused).toBeGreaterThan(0)
    expect(refused).toBeLessThanOrEqual(50)
  })

  test('leaves the event loop free while thousands of texts are tokenized by several callers', async () => {
    const { scorer } = create({ queueTexts: { kafka: 100_000 } }, new FakeBackend(2))
    const prose = 'good ungood bad '.repeat(40)
    let longestMs = 0
    let last = process.threadCpuUsage()
    const watch = setInterval(() => {
      const { user, system } = process.threadCpuUsage(last)
      longestMs = Math.max(longestMs, (user + system) / 1_000)
      last = process.threadCpuUsage()
    }, 1)
    await Promise.all(
      [1, 2, 3, 4].map((caller) =>
        scorer.scoreAll(
          Array.from({ length: 500 }, (_, index) => `${caller} ${index} ${prose}`),
          { origin: 'kafka' },
        ),
      ),
    )
    clearInterval(watch)
    // CPU time of this thread, so that a busy machine does not count. Four callers of 500 such texts would hold the loop
    // for some hundred milliseconds each.
    expect(longestMs).toBeLessThan(100)
  })
})

test('a single text does not wait for a turn behind callers with thousands', async () => {
  const queued: string[] = []
  const observer = { queueDepth: (origin: string) => queued.push(origin) }
  const { scorer } = create({ queueTexts: { kafka: 100_000 }, observer }, new FakeBackend(2))
  const prose = 'good ungood bad '.repeat(40)
  const backlog = Array.from({ length: 6 }, (_, caller) =>
    scorer.scoreAll(
      Array.from({ length: 200 }, (_, index) => `${caller} ${index} ${prose}`),
      { origin: 'kafka' },
    ),
  )
  await turns(2)
  queued.length = 0
  await scorer.score('good', { origin: 'http' })
  expect(queued[0]).toBe('http')
  expect(queued).toContain('kafka')
  await Promise.all(backlog)
})

describe('large calls of one origin', () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  /** Who put a text in, text by text; slices of the event loop end after a few, so that callers would mix if they could. */
  function createOrder() {
    let nowMs = 0
    vi.spyOn(performance, 'now').mockImplementation(() => (nowMs += 2))
    const order: string[] = []
    const { scorer, backend } = create({ queueTexts: { kafka: 100 } })
    function call(name: string, texts: number, signal?: AbortSignal) {
      const traceContextOf = () => {
        order.push(name)
        return undefined
      }
      return scorer.scoreAll(
        Array.from({ length: texts }, (_, index) => `good ${name} ${'ok '.repeat(index)}`),
        { origin: 'kafka', traceContextOf, ...(signal && { signal }) },
      )
    }
    return { order, call, backend }
  }

  test('go in one after the other; a call of few texts does not wait for them', async () => {
    const { order, call } = createOrder()
    await Promise.all([call('a', 20), call('b', 20), call('c', 1)])
    const large = order.filter((name) => name !== 'c')
    expect(large).toEqual([...Array(20).fill('a'), ...Array(20).fill('b')])
    expect(order.indexOf('c')).toBeLessThan(order.indexOf('b'))
  })

  test('keep their order when one that waits is given up', async () => {
    const { order, call, backend } = createOrder()
    backend.hold()
    const controller = new AbortController()
    const [first, given, last] = [call('a', 20), call('b', 20, controller.signal), call('c', 20)]
    await turns()
    controller.abort()
    await given
    await turns()
    backend.release()
    await Promise.all([first, last])
    expect(order).toEqual([...Array(20).fill('a'), ...Array(20).fill('c')])
  })

  test('have each text looked up and inferred once, in several chunks', async () => {
    const { scorer, backend } = create()
    const labels = Array.from({ length: 301 }, (_, index) => (index % 3 === 0 ? 'good' : 'bad'))
    const verdicts = await scorer.scoreAll(
      labels.map((word, index) => `${word} ${index}`),
      { origin: 'kafka' },
    )
    expect(kinds(verdicts)).toEqual(labels.map((word) => (word === 'good' ? 'positive' : 'negative')))
    expect(backend.batches.flat()).toHaveLength(301)
  })
})

describe('a caller who leaves', () => {
  test('is answered at once, though a batch hangs, and what waits is dropped', async () => {
    const dropped: string[] = []
    const { scorer, backend } = create({ observer: { dropped: (reason) => dropped.push(reason) } })
    backend.hold()
    const controller = new AbortController()
    const all = scorer.scoreAll(
      Array.from({ length: 100 }, (_, index) => `good ${index}`),
      { origin: 'kafka', signal: controller.signal },
    )
    await turns()
    controller.abort()
    expect(new Set(kinds(await all))).toEqual(new Set(['VAL_REQUEST_ABANDONED']))
    backend.release()
    await turns(20)
    expect(dropped.length).toBeGreaterThan(60)
    expect(backend.batches.flat().length + dropped.length).toBe(100)
  })

  test('is not held back by a full queue', async () => {
    const { scorer, backend } = create({ queueTexts: { kafka: 2 } })
    backend.hold()
    const controller = new AbortController()
    const all = scorer.scoreAll(
      Array.from({ length: 100 }, (_, index) => `good ${index}`),
      { origin: 'kafka', signal: controller.signal },
    )
    await turns()
    controller.abort()
    expect(kinds(await all)).toHaveLength(100)
    backend.release()
  })

  test('before it began is not served', async () => {
    const { scorer, backend } = create()
    const verdict = await scorer.score('good', { origin: 'http', signal: AbortSignal.abort() })
    expect(kinds([verdict])).toEqual(['VAL_REQUEST_ABANDONED'])
    await turns()
    expect(backend.batches).toEqual([])
  })
})

describe('with caches', () => {
  test('a text is inferred once', async () => {
    const { scorer, backend } = create({ memory: new MemoryCache(100_000) })
    const first = await scorer.score('good', { origin: 'kafka' })
    expect(await scorer.score('good', { origin: 'http' })).toEqual(first)
    expect(backend.batches).toHaveLength(1)
  })

  test('failures are not kept', async () => {
    const { scorer, backend } = create({ memory: new MemoryCache(100_000) })
    await scorer.score('poison', { origin: 'kafka' })
    await scorer.score('poison', { origin: 'kafka' })
    expect(backend.batches).toHaveLength(2)
  })

  test('the second level serves what another process computed', async () => {
    const stored = { probabilities: [0, 1, 0], tokens: 99, truncated: true }
    const shared: ScoreCache = {
      getMany: async (keys) => keys.map(() => stored),
      setMany: () => undefined,
      close: async () => undefined,
    }
    const { scorer, backend } = create({ shared })
    expect(await scorer.score('good', { origin: 'kafka' })).toMatchObject({
      sentiment: { label: 'neutral', tokens: 99, truncated: true },
    })
    expect(backend.batches).toEqual([])
  })
})

describe('a swap of the model', () => {
  test('sends new texts to the new one, lets the old one finish, and closes it then', async () => {
    const used: string[] = []
    const { scorer, models, backend: old } = create({ observer: { modelInUse: ({ name }) => used.push(name) } })
    old.hold()
    const before = scorer.score('good', { origin: 'http' })
    await turns()
    const next = new FakeBackend()
    const swapped = models.swap(fakeModel(next, 'next'))
    const after = await scorer.score('good', { origin: 'http' })
    expect(after).toMatchObject({ sentiment: { model: { name: 'next' } } })
    expect(old.closed).toBe(false)
    old.release()
    expect(await before).toMatchObject({ sentiment: { model: { name: 'tiny' } } })
    await swapped
    expect(old.closed).toBe(true)
    expect(used).toEqual(['tiny', 'next'])
  })

  test('never mixes up cached scores', async () => {
    const { scorer, models } = create({ memory: new MemoryCache(100_000) })
    await scorer.score('good', { origin: 'http' })
    const next = new FakeBackend()
    await models.swap(fakeModel(next, 'next', 2))
    expect(await scorer.score('good', { origin: 'http' })).toMatchObject({ sentiment: { model: { name: 'next' } } })
    expect(next.batches).toHaveLength(1)
  })

  test('between the look-up and the inference of a text keeps its score under the new model', async () => {
    const gate = Promise.withResolvers<void>()
    const kept: string[] = []
    const shared: ScoreCache = {
      async getMany(keys) {
        await gate.promise
        return keys.map(() => undefined)
      },
      setMany: (entries) => void kept.push(...[...entries].map(([key]) => key)),
      close: async () => undefined,
    }
    const { scorer, models } = create({ shared })
    const verdict = scorer.score('good', { origin: 'http' })
    await turns()
    await models.swap(fakeModel(new FakeBackend(), 'next'))
    gate.resolve()
    expect(await verdict).toMatchObject({ sentiment: { model: { name: 'next' } } })
    await scorer.score('bad', { origin: 'http' })
    await turns()
    expect(kept).toEqual(['good', 'bad'].map((text) => cacheKey('fingerprint-of-next', text)))
  })

  test('again and again under load fails no text and names the right model for each', async () => {
    const { scorer, models } = create({ memory: new MemoryCache(1_000_000), queueTexts: { kafka: 30 } })
    const verdicts: Promise<Verdict[]>[] = []
    for (let swap = 0; swap < 50; swap++) {
      const texts = Array.from({ length: 40 }, (_, index) => `good ${'great '.repeat(index % 7)}${swap * 20 + index}`)
      verdicts.push(scorer.scoreAll(texts, { origin: 'kafka' }))
      await turns(2)
      await models.swap(fakeModel(new FakeBackend(2), `model ${swap}`, temperatureOf(`model ${swap}`)))
    }
    const all = (await Promise.all(verdicts)).flat()
    expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(['scored']))
    const names = new Set<string>()
    for (const { name, logit } of all.map(logitOf)) {
      names.add(name)
      // What is worth 10 or 20 gives logits of 1, 3, 5, …; only the right temperature turns them back.
      expect(logit * temperatureOf(name)).toBeOneOf([1, 3, 5, 7, 9, 11, 13].map((sum) => expect.closeTo(sum, 2)))
    }
    expect(names.size).toBeGreaterThan(10)
  })

  test('after the last one is closed texts may be tried again elsewhere', async () => {
    const { scorer, models } = create()
    await models.close()
    const verdict = await scorer.score('good', { origin: 'kafka' })
    expect(verdict).toMatchObject({ kind: 'retryable', error: { code: 'VAL_INFERENCE_UNAVAILABLE' } })
  })
})

/** Tells the models of the swaps apart by their scores. */
function temperatureOf(name: string): number {
  return Number(name.split(' ')[1] ?? 0) % 2 === 0 ? 1 : 3
}

/** The logit of `positive`, as the temperature left it, and the model that is said to have given it. */
function logitOf(verdict: Verdict): { name: string; logit: number } {
  if (verdict.kind !== 'scored') throw verdict.error
  const { scores, model } = verdict.sentiment
  return { name: model.name, logit: Math.log((scores.positive ?? 0) / (scores.neutral ?? 0)) }
}
