import { readdirSync } from 'node:fs'
import { tinyGraph, tinyVocabulary as v } from '@valence/testing/models/tiny-model'
import { afterEach, describe, expect, test } from 'vitest'
import type { InferenceBackend } from '../../../src/inference/backend.ts'
import { packTokens } from '../../../src/inference/token-batch.ts'
import { createWorkerPool, type PoolObserver, type WorkerPoolOptions } from '../../../src/inference/worker-pool.ts'

const faultyWorker = new URL('../../../../testing/src/models/faulty-worker.ts', import.meta.url)
const pools: InferenceBackend[] = []

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

async function faultyPool(options: Partial<WorkerPoolOptions> = {}): Promise<InferenceBackend> {
  const pool = await createWorkerPool(tinyGraph(), {
    workers: 1,
    timeoutMs: 2_000,
    workerUrl: faultyWorker,
    ...options,
  })
  pools.push(pool)
  return pool
}

const batch = (...ids: number[]) => packTokens([Int32Array.from(ids)], 0)

describe('a worker that hangs', () => {
  test('fails its batch with a timeout and is replaced', async () => {
    const lost: string[] = []
    const pool = await faultyPool({ timeoutMs: 100, observer: { workerLost: (reason) => lost.push(reason) } })
    await expect(pool.infer(batch(v.hang))).rejects.toMatchObject({ code: 'VAL_INFERENCE_TIMEOUT' })
    expect(await pool.infer(batch(7))).toEqual(Float32Array.of(7, 7, 7))
    expect(lost).toEqual(['timeout'])
  })

  test('does not fail the batch that waits behind', async () => {
    const pool = await faultyPool({ timeoutMs: 100 })
    const hung = pool.infer(batch(v.hang))
    const waiting = [pool.infer(batch(7)), pool.infer(batch(8)), pool.infer(batch(9))]
    await expect(hung).rejects.toMatchObject({ code: 'VAL_INFERENCE_TIMEOUT' })
    expect((await Promise.all(waiting)).map((logits) => logits[0])).toEqual([7, 8, 9])
  })

  test('does not hold up the other workers', async () => {
    const pool = await faultyPool({ workers: 2, timeoutMs: 1_000 })
    const hung = pool.infer(batch(v.hang)).catch((error: unknown) => error)
    const others: unknown[] = []
    for (let i = 0; i < 20; i++) others.push((await pool.infer(batch(i)))[0])
    expect(others).toEqual(Array.from({ length: 20 }, (_, index) => index))
    expect(await hung).toMatchObject({ code: 'VAL_INFERENCE_TIMEOUT' })
  })
})

describe('a worker that dies', () => {
  test('fails its batch as unavailable and is replaced', async () => {
    const lost: [string, string][] = []
    const pool = await faultyPool({ observer: { workerLost: (...loss) => lost.push(loss) } })
    await expect(pool.infer(batch(v.crash))).rejects.toMatchObject({ code: 'VAL_INFERENCE_UNAVAILABLE' })
    expect(await pool.infer(batch(7))).toEqual(Float32Array.of(7, 7, 7))
    expect(lost).toEqual([['crash', expect.stringContaining('code 3')]])
  })

  test('is replaced ever more slowly, and batches are refused meanwhile', async () => {
    const pool = await faultyPool({ restartMs: 60_000 })
    const crash = () => pool.infer(batch(v.crash)).catch(({ detail }: { detail: string }) => detail)
    expect(await crash()).toContain('code 3')
    expect(await crash()).toContain('code 3')
    expect(await crash()).toContain('replacements are being started')
  })

  test('is still replaced after the wait', async () => {
    const pool = await faultyPool({ restartMs: 20 })
    for (let i = 0; i < 2; i++) await expect(pool.infer(batch(v.crash))).rejects.toThrow()
    await expect
      .poll(() => pool.infer(batch(7)).catch(() => undefined), { interval: 10 })
      .toEqual(Float32Array.of(7, 7, 7))
  })
})

describe('close', () => {
  test('waits for the batches that were accepted, then refuses others', async () => {
    const pool = await faultyPool()
    const results = Array.from({ length: 10 }, (_, id) => pool.infer(batch(id)))
    const closed = pool.close()
    await expect(pool.infer(batch(1))).rejects.toMatchObject({ code: 'VAL_INFERENCE_UNAVAILABLE' })
    expect((await Promise.all(results)).length).toBe(10)
    await closed
  })

  test('leaves no worker thread behind', async () => {
    const counts: number[] = []
    const observer: PoolObserver = { workersReady: (count) => counts.push(count) }
    await expect.poll(activeWorkers).toBe(0)
    const pool = await faultyPool({ workers: 3, observer })
    expect(counts.at(-1)).toBe(3)
    expect(activeWorkers()).toBe(3)
    await pool.close()
    expect(activeWorkers()).toBe(0)
  })

  test.runIf(process.platform === 'linux')(
    'ends the threads of a graph that has only just answered',
    async () => {
      const threads = () => readdirSync('/proc/self/task').length
      const openAndClose = async () => {
        const pool = await createWorkerPool(tinyGraph(), { workers: 2, timeoutMs: 10_000 })
        const row = () => batch(v['[CLS]'], v.good, v['[SEP]'])
        await Promise.all([pool.infer(row()), pool.infer(row()), pool.infer(row())])
        await pool.close()
      }
      await openAndClose()
      const before = threads()
      for (let round = 0; round < 15; round++) await openAndClose()
      expect(threads()).toBeLessThanOrEqual(before)
    },
    600_000,
  )

  test('ends within the watchdog although a batch hangs', async () => {
    const pool = await faultyPool({ timeoutMs: 100 })
    const hung = pool.infer(batch(v.hang)).catch((error: unknown) => error)
    await pool.close()
    expect(await hung).toMatchObject({ code: 'VAL_INFERENCE_TIMEOUT' })
  })
})

describe('close without draining', () => {
  test('refuses what is under way and what waits', async () => {
    const pool = await faultyPool()
    const held = [batch(v.hang), batch(7), batch(8), batch(9)].map((ids) => pool.infer(ids).catch(({ code }) => code))
    await pool.close({ drain: false })
    expect(await Promise.all(held)).toEqual(Array(4).fill('VAL_INFERENCE_UNAVAILABLE'))
    expect(activeWorkers()).toBe(0)
  })

  test('hurries a close that is draining', async () => {
    const pool = await faultyPool({ timeoutMs: 60_000 })
    const hung = pool.infer(batch(v.hang)).catch(({ code }) => code)
    const drained = pool.close()
    await pool.close({ drain: false })
    await drained
    expect(await hung).toBe('VAL_INFERENCE_UNAVAILABLE')
  })
})

test('a pool tells the observer of its trial until it is activated, then the other, beginning with how many are ready', async () => {
  const events: string[] = []
  const pool = await faultyPool({
    workers: 2,
    trialObserver: { workersReady: (count) => events.push(`trial ${count}`) },
    observer: { workersReady: (count) => events.push(`live ${count}`) },
  })
  pool.activate?.()
  await expect(pool.infer(batch(v.crash))).rejects.toThrow()
  expect(events.slice(0, 4)).toEqual(['trial 1', 'trial 2', 'live 2', 'live 1'])
})

test('a graph that cannot be opened is found out at the start, and no worker is left', async () => {
  const graph = { ...tinyGraph(), path: '/no/such/model.onnx' }
  await expect(createWorkerPool(graph, { workers: 2, timeoutMs: 1_000 })).rejects.toMatchObject({
    code: 'VAL_MODEL_UNUSABLE',
    detail: expect.stringContaining('/no/such/model.onnx'),
  })
  await expect.poll(activeWorkers).toBe(0)
})

test('a thread that hangs in native code is replaced and reported as stuck', async () => {
  const stuck: number[] = []
  const pool = await createWorkerPool(tinyGraph(), {
    workers: 1,
    timeoutMs: 1_000,
    observer: { workersStuck: (count) => stuck.push(count) },
  })
  pools.push(pool)
  // Ten of them spin for some seconds within one run of the graph, where nothing can interrupt it.
  const slow = batch(v['[CLS]'], ...new Array(10).fill(v.slow), v['[SEP]'])
  await expect(pool.infer(slow)).rejects.toMatchObject({ code: 'VAL_INFERENCE_TIMEOUT' })
  expect((await pool.infer(batch(v['[CLS]'], v.good, v['[SEP]'])))[2]).toBeCloseTo(1)
  await expect.poll(() => stuck).toEqual([1])
})

test('a thread that ends late, but is in no native code, is not taken for stuck', async () => {
  const stuck: number[] = []
  const before = activeWorkers()
  const pool = await faultyPool({ timeoutMs: 100, observer: { workersStuck: (count) => stuck.push(count) } })
  await expect(pool.infer(batch(v.linger))).rejects.toMatchObject({ code: 'VAL_INFERENCE_TIMEOUT' })
  await pool.close()
  await expect.poll(activeWorkers).toBe(before)
  expect(stuck).toEqual([])
})

test('the answers of many batches over several workers are not mixed up', async () => {
  const pool = await createWorkerPool(tinyGraph(), { workers: 3, timeoutMs: 10_000 })
  pools.push(pool)
  const sums = Array.from({ length: 200 }, (_, index) => index - 100)
  const logits = await Promise.all(sums.map((sum) => pool.infer(batch(v['[CLS]'], 100 + sum, v['[SEP]']))))
  expect(logits.map((row) => Math.round((row[2] as number) * 10))).toEqual(sums)
})

/** Each worker thread that has not ended holds a message port. */
function activeWorkers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length
}

test('a stall of the main thread is not taken for a hung worker', async () => {
  const pool = await faultyPool({ timeoutMs: 50 })
  const result = pool.infer(batch(7))
  const until = performance.now() + 200
  while (performance.now() < until) {
    // Nothing is read meanwhile, though the worker has long answered.
  }
  expect(await result).toEqual(Float32Array.of(7, 7, 7))
})
