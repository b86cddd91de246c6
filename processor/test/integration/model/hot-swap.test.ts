import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareOutput, expectExactlyOnce } from '@valence/testing/counting/invariants'
import { TestKafka } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import {
  type Expected,
  ModelReleases,
  misattributed,
  type ScoredText,
  tellingTexts,
} from '@valence/testing/models/model-releases'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { isInNativeCode } from '../../../src/inference/native-threads.ts'
import { Health } from '../../../src/observability/health.ts'
import { silentLogger } from '../../../src/observability/logger.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { type Engine, openEngine } from '../../../src/services/engine.ts'

let releases: ModelReleases
let store: string
let expected: Map<string, Expected>
let texts: string[]

beforeAll(async () => {
  const tiny = await writeTinyModel()
  releases = await ModelReleases.of(tiny.folder)
  await tiny.remove()
  store = await mkdtemp(join(tmpdir(), 'valence-store-'))
  const words = ['good', 'great', 'bad', 'awful', 'good great', 'bad bad', 'great great', 'awful bad']
  expected = await releases.expected(
    Array.from({ length: 400 }, (_, index) => `${words[index % words.length]} x${index}`),
  )
  texts = tellingTexts(expected)
})
afterEach(async () => {
  await killAllProcessors()
  await releases.publish('a')
})
afterAll(async () => {
  await releases.remove()
  await rm(store, { recursive: true, force: true })
})

const settings = () => ({
  VALENCE_MODEL: releases.uri,
  VALENCE_MODEL_STORE: store,
  VALENCE_MODEL_POLL_MS: '0',
  VALENCE_INFERENCE_WORKERS: '2',
})

async function openTestEngine(environment: Record<string, string> = {}): Promise<Engine> {
  const fail = (error: Error) => {
    throw error
  }
  const config = readConfig({ ...settings(), ...environment })
  return openEngine({ config, metrics: createMetrics(), health: new Health(), logger: silentLogger }, fail)
}

describe('the engine', () => {
  it('swaps ten times under load: nothing fails, no score is of another model than it says', async () => {
    expect(texts.length).toBeGreaterThan(300)
    const engine = await openTestEngine()
    const scored: ScoredText[] = []
    let others = 0
    let isSwapping = true
    async function caller(offset: number): Promise<void> {
      for (let at = offset; isSwapping; at += 16) {
        // Answers from the cache take no turn of the event loop; the swap needs some.
        await new Promise((resolve) => setImmediate(resolve))
        const asked = Array.from({ length: 16 }, (_, index) => texts[(at + index) % texts.length] as string)
        const verdicts = await engine.scorer.scoreAll(asked, { origin: 'kafka' })
        verdicts.forEach((verdict, index) => {
          if (verdict.kind === 'scored') scored.push({ text: asked[index] as string, ...verdict.sentiment })
          else others++
        })
      }
    }
    const callers = [0, 50, 100].map((offset) => caller(offset))
    for (let swap = 0; swap < 10; swap++) {
      await releases.publish(swap % 2 === 0 ? 'b' : 'a')
      expect(await engine.reload()).toMatchObject({ outcome: 'swapped' })
      const before = scored.length
      while (scored.length < before + 50) await new Promise((resolve) => setImmediate(resolve))
    }
    isSwapping = false
    await Promise.all(callers)
    await engine.close()
    expect(new Set(scored.map(({ model }) => model.version))).toEqual(new Set(['a', 'b']))
    expect([others, misattributed(scored, expected)]).toEqual([0, []])
  })

  it('keeps the old model when golden scores differ on purpose, and takes the next good one', async () => {
    const engine = await openTestEngine()
    await releases.publish('b', (manifest) => {
      manifest.calibration.temperature = 2
    })
    await expect(engine.reload()).rejects.toMatchObject({ code: 'VAL_MODEL_GOLDEN_MISMATCH' })
    const verdict = await engine.scorer.score('good', { origin: 'http' })
    expect(verdict).toMatchObject({ kind: 'scored', sentiment: { model: { version: 'a' } } })
    await releases.publish('b')
    expect(await engine.reload()).toMatchObject({ outcome: 'swapped', model: { version: 'b' } })
    await engine.close()
  })

  it('keeps the old model when the graph of the new one is none', async () => {
    const engine = await openTestEngine()
    await releases.publish('b', (manifest) => {
      manifest.files.model = { ...manifest.files.tokenizer }
    })
    await expect(engine.reload()).rejects.toMatchObject({ code: 'VAL_MODEL_UNUSABLE' })
    expect((await engine.scorer.score('good', { origin: 'http' })).kind).toBe('scored')
    await engine.close()
  })

  it('keeps the old model when the graph of the new one hangs: the process goes on, and so do its own workers', async () => {
    const metrics = createMetrics()
    const config = readConfig({ ...settings(), VALENCE_INFERENCE_TIMEOUT_MS: '500' })
    const fatal: Error[] = []
    const base = { config, metrics, health: new Health(), logger: silentLogger }
    const engine = await openEngine(base, (error) => void fatal.push(error))
    await releases.publish('b', (manifest) => {
      manifest.golden = [{ text: Array(14).fill('slow').join(' '), scores: manifest.golden[0].scores }]
    })
    await expect(engine.reload()).rejects.toMatchObject({ code: 'VAL_MODEL_UNUSABLE' })
    const workers = async () => (await metrics.inference.workers.get()).values[0]?.value
    expect(await workers()).toBe(2)
    // Longer than the pool waits until it calls a thread stuck, and until its run returns.
    await expect.poll(isInNativeCode, { timeout: 30_000 }).toBe(false)
    const verdict = await engine.scorer.score('good and fresh', { origin: 'http' })
    expect(verdict).toMatchObject({ kind: 'scored', sentiment: { model: { version: 'a' } } })
    expect([fatal, await workers()]).toEqual([[], 2])
    await engine.close()
  }, 60_000)

  it('starts with the last good model when the registry has a bad one, or is away', async () => {
    await (await openTestEngine()).close()
    await releases.publish('b', (manifest) => {
      manifest.calibration.temperature = 2
    })
    const engine = await openTestEngine()
    expect(engine.models.current().ref.version).toBe('a')
    await engine.close()
  })

  it('compares a candidate in its shadow without touching a result', async () => {
    const candidate = await writeTinyModel((manifest) => {
      manifest.version = 'candidate'
    })
    const metrics = createMetrics()
    const config = readConfig({
      ...settings(),
      VALENCE_MODEL_SHADOW: candidate.folder,
      VALENCE_MODEL_SHADOW_RATIO: '1',
    })
    const engine = await openEngine({ config, metrics, health: new Health(), logger: silentLogger }, () => undefined)
    const compared = async () => {
      const { values } = await metrics.shadow.texts.get()
      return values.find(({ labels }) => labels.outcome === 'agreed')?.value ?? 0
    }
    for (let at = 0; (await compared()) < 20; at++) {
      const verdict = await engine.scorer.score(texts[at % texts.length] as string, { origin: 'cli' })
      expect(verdict).toMatchObject({ kind: 'scored', sentiment: { model: { version: 'a' } } })
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    await engine.close()
    await candidate.remove()
  })
})

describe('a processor', () => {
  let kafka: TestKafka
  beforeAll(async () => {
    kafka = await TestKafka.connect(inject('stack').brokers)
  })
  afterAll(() => kafka.close())

  it('swaps ten times on POST /model/reload while texts flow: exactly once, each by the model it names', async () => {
    const topics = await kafka.createTopics()
    const processor = await new ProcessorProcess({ ...topics.environment, ...settings() }).started()
    const reload = () => fetch(`http://127.0.0.1:${processor.adminPort}/model/reload`, { method: 'POST' })
    const sent = texts.map((text, index) => ({ id: `id-${index}`, key: `key-${index % 20}`, text }))
    const size = Math.ceil(sent.length / 10)
    for (let swap = 0; swap < 10; swap++) {
      const produced = kafka.produce(topics.input, sent.slice(swap * size, (swap + 1) * size))
      await releases.publish(swap % 2 === 0 ? 'b' : 'a')
      const response = await reload()
      expect([response.status, await response.json()]).toEqual([200, expect.objectContaining({ outcome: 'swapped' })])
      await produced
    }
    await releases.publish('b', (manifest) => {
      manifest.files.model.path = '../model.onnx'
    })
    const refused = await reload()
    expect([refused.status, await refused.json()]).toEqual([
      422,
      expect.objectContaining({ code: 'VAL_MODEL_PATH_REFUSED' }),
    ])
    expect((await fetch(`http://127.0.0.1:${processor.adminPort}/readyz`)).status).toBe(200)
    expect(await processor.metric('valence_model_reloads_total', 'swapped')).toBe(10)
    expect(await processor.metric('valence_model_refusals_total', 'VAL_MODEL_PATH_REFUSED')).toBe(1)
    await kafka.drained(topics)
    const output = await readCommitted(kafka.brokers, topics.output)
    expectExactlyOnce(compareOutput(sent, output))
    const events = output.map(({ value }) => JSON.parse(value ?? '{}'))
    const scored = events.map(({ attributes, scores, model }) => ({ text: attributes.text, scores, model }))
    expect(misattributed(scored, expected)).toEqual([])
    expect(await processor.stop()).toBe(0)
  })
})
