import { appendFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { FakeBackend } from '@valence/testing/models/fake-backend'
import { type OpenManifest, tinyGraph, writeTinyModel } from '@valence/testing/models/tiny-model'
import { afterEach, describe, expect, test } from 'vitest'
import type { InferenceBackend } from '../../../src/inference/backend.ts'
import type { GraphSpec } from '../../../src/inference/graph-session.ts'
import { createInProcessBackend } from '../../../src/inference/in-process-backend.ts'
import { isInNativeCode } from '../../../src/inference/native-threads.ts'
import { packTokens } from '../../../src/inference/token-batch.ts'
import { createWorkerPool, type PoolObserver } from '../../../src/inference/worker-pool.ts'
import { loadModel } from '../../../src/model/load-model.ts'

const folders: { remove(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(folders.splice(0).map(({ remove }) => remove()))
})

async function tinyFolder(spoil?: (manifest: OpenManifest) => void): Promise<string> {
  const tiny = await writeTinyModel(spoil)
  folders.push(tiny)
  return tiny.folder
}

const noBackend = () => Promise.reject<InferenceBackend>(new Error('must not be opened'))

test('a model is loaded: verified, warmed up, ready to score', async () => {
  const folder = await tinyFolder()
  const model = await loadModel(folder, createInProcessBackend)
  expect(model.ref).toEqual({ name: 'tiny', version: '1.2.3', sha256: model.manifest.files.model.sha256.slice(0, 12) })
  const logits = await model.backend.infer(packTokens([model.tokenizer.encode('good good').ids], 0))
  expect(logits[2]).toBeCloseTo(2)
  await model.close()
})

test('the backend is told all it needs to open the graph', async () => {
  const folder = await tinyFolder()
  let asked: unknown
  await loadModel(folder, async (graph) => {
    asked = graph
    return new FakeBackend()
  })
  expect(asked).toEqual({ ...tinyGraph(), path: join(folder, 'model.onnx') })
})

describe('the fingerprint', () => {
  const fingerprintOf = async (spoil?: (manifest: OpenManifest) => void) =>
    (await loadModel(await tinyFolder(spoil), async () => new FakeBackend())).fingerprint

  test('is the same for the same scores, wherever the model lies and whatever it is called', async () => {
    expect(await fingerprintOf((open) => (open.name = 'other'))).toBe(await fingerprintOf())
  })

  test.each<[string, (manifest: OpenManifest) => void]>([
    ['calibration', (open) => (open.calibration.temperature = 1.0001)],
    ['limit', (open) => (open.maxTokens = 12)],
    ['polarity', (open) => (open.labels[1].polarity = 0.1)],
    ['output', (open) => (open.output.name = 'other')],
    ['names of inputs', (open) => (open.inputs.inputIds.name = 'ids')],
    ['types of inputs', (open) => (open.inputs.attentionMask.type = 'int64')],
    ['padding', (open) => (open.padTokenId = 1)],
    ['optimisation', (open) => (open.graph.sessionOptions.graphOptimizationLevel = 'all')],
  ])('differs when the %s does', async (_, spoil) => {
    expect(await fingerprintOf(spoil)).not.toBe(await fingerprintOf())
  })
})

describe('nothing is opened and the file is named when', () => {
  test.each(['model.json', 'model.onnx', 'tokenizer.json'])('%s is missing', async (file) => {
    const folder = await tinyFolder()
    await rm(join(folder, file))
    await expect(loadModel(folder, noBackend)).rejects.toMatchObject({
      code: 'VAL_MODEL_MISSING',
      detail: expect.stringContaining(join(folder, file)),
    })
  })

  test.each(['model.onnx', 'tokenizer.json'])('%s has another digest', async (file) => {
    const folder = await tinyFolder()
    await appendFile(join(folder, file), ' ')
    await expect(loadModel(folder, noBackend)).rejects.toMatchObject({
      code: 'VAL_MODEL_CHECKSUM_MISMATCH',
      detail: expect.stringContaining(join(folder, file)),
    })
  })

  test('a file has another length than the manifest says', async () => {
    const folder = await tinyFolder((open) => open.files.model.bytes++)
    await expect(loadModel(folder, noBackend)).rejects.toMatchObject({ code: 'VAL_MODEL_CHECKSUM_MISMATCH' })
  })

  test('the manifest is not valid', async () => {
    const folder = await tinyFolder()
    await writeFile(join(folder, 'model.json'), '{}')
    await expect(loadModel(folder, noBackend)).rejects.toMatchObject({ code: 'VAL_MODEL_MANIFEST_INVALID' })
  })

  test('the tokenizer is none', async () => {
    const folder = await tinyFolder((open) => (open.files.tokenizer = { ...open.files.model }))
    await expect(loadModel(folder, noBackend)).rejects.toMatchObject({ code: 'VAL_MODEL_UNUSABLE' })
  })
})

describe('the backend is closed again when', () => {
  async function refusalOf(spoil: (manifest: OpenManifest) => void, backend = new FakeBackend()): Promise<unknown> {
    const refusal = await loadModel(await tinyFolder(spoil), async () => backend).catch((error: unknown) => error)
    expect(backend.closed).toBe(true)
    return refusal
  }

  test('a golden score differs; the text and the label are named', async () => {
    expect(
      await refusalOf((open) => {
        open.golden[1].scores.negative -= 0.01
      }),
    ).toMatchObject({
      code: 'VAL_MODEL_GOLDEN_MISMATCH',
      detail: expect.stringMatching(/"bad bad": negative is 0\.8\d+/),
    })
  })

  test('the calibration is not the one the golden scores were made with', async () => {
    expect(await refusalOf((open) => (open.calibration.temperature = 2))).toMatchObject({
      code: 'VAL_MODEL_GOLDEN_MISMATCH',
    })
  })

  test('the graph fails on a golden text', async () => {
    expect(await refusalOf((open) => (open.golden[0].text = 'poison'))).toMatchObject({
      code: 'VAL_MODEL_UNUSABLE',
      detail: expect.stringContaining('"poison"'),
    })
  })
})

test('golden scores within the tolerance pass', async () => {
  const folder = await tinyFolder((open) => {
    open.golden[1].scores.negative -= 0.01
    open.goldenTolerance = 0.02
  })
  await expect(loadModel(folder, async () => new FakeBackend())).resolves.toBeDefined()
})

test('each golden text is scored by itself, for a batch could change what an int8 graph computes', async () => {
  const backend = new FakeBackend(2)
  await loadModel(await tinyFolder(), async () => backend)
  expect(backend.batches.map((rows) => rows.length)).toEqual([1, 1])
})

describe('a graph that hangs', () => {
  const hangingFolder = () =>
    tinyFolder((open) => {
      open.golden = [{ text: Array(8).fill('slow').join(' '), scores: open.golden[0].scores }]
    })
  const openPool = (observer: PoolObserver) => (graph: GraphSpec) =>
    createWorkerPool(graph, { workers: 1, timeoutMs: 200, trialObserver: observer, observer: notLive })
  const notLive: PoolObserver = {
    workersStuck: () => expect.unreachable('the live service was told'),
    workersReady: () => expect.unreachable('the live service was told'),
  }

  test('is refused as soon as a run takes too long, and only the trial hears of it', async () => {
    const events: string[] = []
    const loading = loadModel(
      await hangingFolder(),
      openPool({
        workerLost: (reason) => events.push(reason),
        workersStuck: (count) => events.push(`${count} stuck`),
      }),
    )
    await expect(loading).rejects.toMatchObject({
      code: 'VAL_MODEL_UNUSABLE',
      cause: { code: 'VAL_INFERENCE_TIMEOUT' },
    })
    expect(isInNativeCode()).toBe(true)
    // On a busy machine its replacement, still opening the graph, counts too.
    await expect.poll(() => events.at(-1)).toMatch(/^[12] stuck$/)
    expect(events[0]).toBe('timeout')
    // The thread ends by itself, on the day its run does, and takes nothing with it.
    await expect.poll(isInNativeCode, { timeout: 240_000 }).toBe(false)
  }, 300_000)

  test('is let go of at once when nobody wants it any more', async () => {
    const stop = new AbortController()
    const folder = await hangingFolder()
    const opened = Promise.withResolvers<void>()
    const loading = loadModel(
      folder,
      async (graph) => {
        const backend = await createWorkerPool(graph, { workers: 1, timeoutMs: 60_000 })
        opened.resolve()
        return backend
      },
      stop.signal,
    )
    const refused = loading.catch((error: unknown) => error)
    await opened.promise
    await expect.poll(isInNativeCode).toBe(true)
    stop.abort(new Error('stopping'))
    expect(await refused).toMatchObject({ message: 'stopping' })
    // The run goes on meanwhile.
    expect(isInNativeCode()).toBe(true)
    await expect.poll(isInNativeCode, { timeout: 240_000 }).toBe(false)
  }, 300_000)
})
