import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hangs, truncated } from '@valence/testing/models/model-registry'
import { SupplyBench } from '@valence/testing/models/supply-bench'
import type { OpenManifest } from '@valence/testing/models/tiny-model'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { digestOf } from '../../../src/model/supply/model-store.ts'
import { Health } from '../../../src/observability/health.ts'
import { silentLogger } from '../../../src/observability/logger.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { type Engine, openEngine } from '../../../src/services/engine.ts'

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
let bench: SupplyBench
let engine: Engine
let keyFolder: string
let next: Buffer

/** Publishes a second version with a graph of its own, signed like the first. */
function publish(spoil: (manifest: OpenManifest) => void = () => undefined, key = privateKey): void {
  const manifest: OpenManifest = structuredClone(bench.model.manifest)
  manifest.version = '2'
  manifest.files.model = { path: 'next.onnx', sha256: digestOf(next), bytes: next.length }
  spoil(manifest)
  const bytes = Buffer.from(JSON.stringify(manifest))
  bench.registry.files.set('model.json', bytes)
  bench.registry.files.set('model.json.sig', sign(null, bytes, key))
  bench.registry.files.set('next.onnx', next)
}

async function openTestEngine(store: string): Promise<Engine> {
  const keyFile = join(keyFolder, 'key.pem')
  await writeFile(keyFile, publicKey.export({ type: 'spki', format: 'pem' }))
  const config = readConfig({
    VALENCE_MODEL: bench.registry.uri,
    VALENCE_MODEL_STORE: store,
    VALENCE_MODEL_POLL_MS: '0',
    VALENCE_MODEL_PUBLIC_KEY_FILE: keyFile,
    VALENCE_MODEL_CONNECT_TIMEOUT_MS: '100',
    VALENCE_MODEL_IDLE_TIMEOUT_MS: '100',
    VALENCE_INFERENCE_WORKERS: '1',
  })
  return openEngine({ config, metrics: createMetrics(), health: new Health(), logger: silentLogger }, (error) => {
    throw error
  })
}

beforeEach(async () => {
  bench = await SupplyBench.open()
  keyFolder = await mkdtemp(join(tmpdir(), 'valence-key-'))
  const first = await readFile(join(bench.model.folder, 'model.json'))
  bench.registry.files.set('model.json.sig', sign(null, first, privateKey))
  next = Buffer.concat([bench.graph, Buffer.alloc(40_000, 1)])
  engine = await openTestEngine(bench.store.folder)
})
afterEach(async () => {
  await engine.close()
  await bench.close()
  await rm(keyFolder, { recursive: true })
})

async function expectRefused(code: string): Promise<void> {
  const running = engine.models.current()
  await expect(engine.reload()).rejects.toMatchObject({ code })
  expect(engine.models.current()).toBe(running)
  expect(await engine.scorer.score('good', { origin: 'http' })).toMatchObject({
    kind: 'scored',
    sentiment: { model: { version: '1.2.3' } },
  })
  expect((await bench.store.list()).map(({ manifest }) => manifest.version)).not.toContain('2')
  expect(await bench.halfWritten()).toEqual([])
}

describe('refused by its own code, with the running model untouched and nothing half-written:', () => {
  it('a truncated download', async () => {
    publish()
    bench.registry.misbehave('next.onnx', truncated(next, 100))
    await expectRefused('VAL_MODEL_DOWNLOAD_TRUNCATED')
  })

  it('a flipped byte', async () => {
    publish()
    const flipped = Buffer.from(next)
    flipped[50] = (flipped[50] as number) ^ 1
    bench.registry.files.set('next.onnx', flipped)
    await expectRefused('VAL_MODEL_CHECKSUM_MISMATCH')
  })

  it('a wrong signature', async () => {
    publish(undefined, generateKeyPairSync('ed25519').privateKey)
    await expectRefused('VAL_MODEL_SIGNATURE_INVALID')
  })

  it('a registry that hangs', async () => {
    publish()
    bench.registry.misbehave('next.onnx', hangs)
    await expectRefused('VAL_MODEL_REGISTRY_TIMEOUT')
  })

  it('a file name with ../', async () => {
    publish((manifest) => {
      manifest.files.model.path = '../next.onnx'
    })
    await expectRefused('VAL_MODEL_PATH_REFUSED')
  })

  it('a full disk', async (context) => {
    const disk = await mkdtemp(join(tmpdir(), 'valence-tiny-disk-'))
    try {
      execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' })
    } catch {
      context.skip('mounting a tmpfs needs root')
      return
    }
    const onDisk = await openTestEngine(disk)
    try {
      publish()
      await expect(onDisk.reload()).rejects.toMatchObject({ code: 'VAL_MODEL_STORE_FULL' })
      expect((await onDisk.scorer.score('good', { origin: 'http' })).kind).toBe('scored')
      expect(await bench.halfWritten(disk)).toEqual([])
      expect(await readdir(join(disk, 'partial'))).toEqual([])
    } finally {
      await onDisk.close()
      execFileSync('/bin/umount', [disk])
      await rm(disk, { recursive: true })
    }
  })
})

describe('golden scores that differ on purpose', () => {
  it('refuse the swap; the model is whole, so it may stay in the store', async () => {
    publish((manifest) => {
      manifest.files.model = bench.model.manifest.files.model
      manifest.calibration.temperature = 3
    })
    const running = engine.models.current()
    await expect(engine.reload()).rejects.toMatchObject({ code: 'VAL_MODEL_GOLDEN_MISMATCH' })
    expect(engine.models.current()).toBe(running)
    expect((await engine.scorer.score('good', { origin: 'http' })).kind).toBe('scored')
  })
})
