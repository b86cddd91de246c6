import { FakeBackend } from '@valence/testing/models/fake-backend'
import { tinyGraph, tinyLogits, tinyVocabulary as v } from '@valence/testing/models/tiny-model'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { InferenceBackend } from '../../../src/inference/backend.ts'
import { createInProcessBackend } from '../../../src/inference/in-process-backend.ts'
import { packTokens } from '../../../src/inference/token-batch.ts'
import { createWorkerPool } from '../../../src/inference/worker-pool.ts'

const row = (...ids: number[]) => Int32Array.of(v['[CLS]'], ...ids, v['[SEP]'])
/** To thousandths; adding 0 makes −0 a 0. */
const rounded = (logits: Iterable<number>) => [...logits].map((value) => Math.round(value * 1_000) / 1_000 + 0)

const backends: [string, () => Promise<InferenceBackend>][] = [
  ['the fake of the tests', async () => new FakeBackend(2)],
  ['the graph on the calling thread', () => createInProcessBackend(tinyGraph('int32'))],
  ['the graph on the calling thread, int64', () => createInProcessBackend(tinyGraph('int64'))],
  ['the worker pool', () => createWorkerPool(tinyGraph('int32'), { workers: 2, timeoutMs: 10_000 })],
  ['the worker pool, int64', () => createWorkerPool(tinyGraph('int64'), { workers: 2, timeoutMs: 10_000 })],
]

describe.each(backends)('%s', (_, open) => {
  let backend: InferenceBackend

  beforeAll(async () => {
    backend = await open()
  })
  afterAll(() => backend.close())

  test('gives the logits of each row, whatever its padding', async () => {
    const rows = [row(v.good), row(v.bad, v.bad, v.bad), row(v.great, v.bad), row()]
    const expected = rounded(rows.flatMap((ids) => tinyLogits(ids)))
    expect(rounded(await backend.infer(packTokens(rows, v['[PAD]'])))).toEqual(expected)
    expect(rounded(await backend.infer(packTokens(rows, v['[PAD]'], 8)))).toEqual(expected)
  })

  test('gives each of many batches under way its own answer', async () => {
    const sums = Array.from({ length: 50 }, (_, index) => index)
    const logits = await Promise.all(sums.map((sum) => backend.infer(packTokens([row(100 + sum)], 0))))
    expect(logits.map((values) => Math.round((values[2] as number) * 10))).toEqual(sums)
  })

  test('refuses a batch that the graph refuses, and goes on', async () => {
    const poisoned = backend.infer(packTokens([row(v.good), row(v.poison)], 0))
    const next = backend.infer(packTokens([row(v.good)], 0))
    await expect(poisoned).rejects.toMatchObject({ code: 'VAL_INFERENCE_FAILED' })
    expect(rounded(await next)).toEqual([-1, 0, 1])
  })

  test('says how many batches can run at a time', () => {
    expect(backend.concurrency).toBeGreaterThanOrEqual(1)
  })

  test('refuses batches once it is closed, and may be closed twice', async () => {
    const short = await open()
    await short.close()
    await short.close()
    await expect(short.infer(packTokens([row(v.good)], 0))).rejects.toMatchObject({ code: 'VAL_INFERENCE_UNAVAILABLE' })
  })
})

test.each([
  ['calling thread', () => createInProcessBackend({ ...tinyGraph(), path: '/no/such/model.onnx' })],
  [
    'worker pool',
    () => createWorkerPool({ ...tinyGraph(), path: '/no/such/model.onnx' }, { workers: 1, timeoutMs: 1_000 }),
  ],
])('a graph that does not open is refused: %s', async (_, open) => {
  await expect(open()).rejects.toMatchObject({ code: 'VAL_MODEL_UNUSABLE' })
})
