import { isValenceError } from '@valence/schemas'
import { FakeBackend } from '@valence/testing/models/fake-backend'
import { tinyVocabulary as v } from '@valence/testing/models/tiny-model'
import { describe, expect, test } from 'vitest'
import { createBatchRunner } from '../../../../src/scoring/batching/batch-runner.ts'
import { type InferenceResult, PendingText } from '../../../../src/scoring/batching/pending-text.ts'

const probe = [v['[CLS]'], v.ok, v['[SEP]']]

async function run(words: readonly (keyof typeof v)[], backend = new FakeBackend()) {
  const outcomes = new Map<string, InferenceResult>()
  let bisections = 0
  const runBatch = createBatchRunner({
    backend,
    padTokenId: 0,
    labels: 3,
    calibration: { temperature: 1 },
    probeIds: Int32Array.from(probe),
    settle(entry, outcome) {
      expect(outcomes.has(entry.key), 'settled once').toBe(false)
      outcomes.set(entry.key, outcome)
    },
    onBisected: () => bisections++,
  })
  const entries = words.map((word, index) => {
    const ids = Int32Array.of(v['[CLS]'], v[word], v['[SEP]'])
    return new PendingText(`${index} ${word}`, { ids, truncated: word === 'un' }, 0)
  })
  await runBatch(entries)
  expect(outcomes.size, 'all are settled').toBe(words.length)
  const codes = Object.fromEntries(
    [...outcomes].map(([key, outcome]) => [key, isValenceError(outcome) ? outcome.code : 'scored'] as const),
  )
  const probes = backend.batches.filter((rows) => rows.length === 1 && String(rows[0]) === String(probe)).length
  return { outcomes, codes, bisections, probes, runs: backend.batches.length - probes }
}

const goods = (count: number) => new Array<'good'>(count).fill('good')

test('each text gets the probabilities of its own row', async () => {
  const { outcomes, runs } = await run(['good', 'un', 'awful'])
  expect(runs).toBe(1)
  const [good, un, awful] = [...outcomes.values()]
  const total = Math.exp(1) + 1 + Math.exp(-1)
  expect(good).toEqual({
    probabilities: [Math.exp(-1), 1, Math.exp(1)].map((power) => expect.closeTo(power / total, 6)),
    tokens: 3,
    truncated: false,
  })
  expect(un).toMatchObject({ truncated: true })
  expect(awful).toMatchObject({ probabilities: [expect.closeTo(0.867, 3), expect.anything(), expect.anything()] })
})

describe('a text that the graph refuses', () => {
  test.each([0, 3, 7])('is rejected alone, at place %i of eight', async (place) => {
    const words = [...goods(place), 'poison' as const, ...goods(7 - place)]
    const { codes, bisections } = await run(words)
    expect(codes).toEqual(
      Object.fromEntries(
        words.map((word, index) => [`${index} ${word}`, word === 'poison' ? 'VAL_INFERENCE_FAILED' : 'scored']),
      ),
    )
    expect(bisections).toBe(3)
  })

  test('is found among others of its kind', async () => {
    const { codes } = await run(['poison', 'good', 'poison', 'poison', 'good'])
    expect(Object.values(codes)).toEqual([
      'VAL_INFERENCE_FAILED',
      'scored',
      'VAL_INFERENCE_FAILED',
      'VAL_INFERENCE_FAILED',
      'scored',
    ])
  })

  test('costs few runs: two for each cut', async () => {
    const { runs } = await run([...goods(15), 'poison'])
    expect(runs).toBe(1 + 2 * 4)
  })
})

test('a text whose logits are not numbers is rejected alone, without another run', async () => {
  const backend = new FakeBackend()
  const infer = backend.infer.bind(backend)
  backend.infer = async (batch) => {
    const logits = await infer(batch)
    logits[4] = Number.NaN
    return logits
  }
  const { codes, runs } = await run(['good', 'good', 'good'], backend)
  expect(Object.values(codes)).toEqual(['scored', 'VAL_INFERENCE_FAILED', 'scored'])
  expect(runs).toBe(1)
})

describe.each(['hang', 'crash'] as const)('a text on which workers %s', (word) => {
  test('is rejected alone in the end, and the others are scored', async () => {
    const { codes, outcomes } = await run(['good', 'good', word, 'good'])
    expect(Object.values(codes)).toEqual(['scored', 'scored', 'VAL_INFERENCE_FAILED', 'scored'])
    expect(outcomes.get(`2 ${word}`)).toMatchObject({ deadLetter: true, detail: expect.stringContaining('2 workers') })
  })

  test('costs a bounded number of workers', async () => {
    const backend = new FakeBackend()
    let lost = 0
    const infer = backend.infer.bind(backend)
    backend.infer = (batch) => {
      if (batch.ids.includes(v[word])) lost++
      return infer(batch)
    }
    await run([...goods(7), word], backend)
    // Whole batch, two halves on the way down, then twice alone.
    expect(lost).toBe(5)
  })
})

describe('when no worker can be had', () => {
  test('nobody is blamed: every text may be tried again', async () => {
    const backend = new FakeBackend()
    backend.isDown = true
    const { codes, outcomes } = await run(['good', 'hang', 'good'], backend)
    expect(new Set(Object.values(codes))).toEqual(new Set(['VAL_INFERENCE_UNAVAILABLE']))
    expect([...outcomes.values()].every((outcome) => isValenceError(outcome) && outcome.retryable)).toBe(true)
  })

  test('a text is not found guilty of a worker that was lost with the whole backend', async () => {
    const backend = new FakeBackend()
    const infer = backend.infer.bind(backend)
    backend.infer = (batch) => {
      const result = infer(batch)
      backend.isDown = true
      return result
    }
    const { codes } = await run(['hang'], backend)
    expect(codes).toEqual({ '0 hang': 'VAL_INFERENCE_TIMEOUT' })
  })
})

test('a batch that was lost by chance is scored by the next worker', async () => {
  const backend = new FakeBackend()
  const infer = backend.infer.bind(backend)
  let first = true
  backend.infer = (batch) => {
    if (!first) return infer(batch)
    first = false
    backend.isDown = true
    const lost = infer(batch)
    backend.isDown = false
    return lost
  }
  const { codes, probes } = await run(['good', 'bad'], backend)
  expect(Object.values(codes)).toEqual(['scored', 'scored'])
  expect(probes).toBe(1)
})

test('an error that is none of ours is the fault of the batch', async () => {
  const backend = new FakeBackend()
  backend.infer = () => Promise.reject(new TypeError('a bug'))
  const { codes, outcomes } = await run(['good'], backend)
  expect(codes).toEqual({ '0 good': 'VAL_INFERENCE_FAILED' })
  expect(outcomes.get('0 good')).toMatchObject({ cause: expect.any(TypeError) })
})
