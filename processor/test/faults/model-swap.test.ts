import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { reportFault } from '@valence/testing/counting/fault-report'
import {
  type AcknowledgedText,
  compareOutput,
  expectExactlyOnce,
  longestSilenceMs,
} from '@valence/testing/counting/invariants'
import { inventTexts, TestKafka } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { ModelReleases, misattributed, type ScoredText, tellingTexts } from '@valence/testing/models/model-releases'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { resolveModel } from '../../src/model/model-location.ts'

const swaps = Number(process.env.VALENCE_FAULTS_SWAPS ?? 100)
let stack: LocalStack
let kafka: TestKafka
let releases: ModelReleases
let store: string

beforeAll(async () => {
  stack = await startLocalStack({ parts: ['kafka'] })
  kafka = await TestKafka.connect(stack.brokers)
  releases = await ModelReleases.of(resolveModel('default'))
  store = await mkdtemp(join(tmpdir(), 'valence-store-'))
})
afterEach(killAllProcessors)
afterAll(async () => {
  await kafka?.close()
  await stack?.stop()
  await releases?.remove()
  if (store) await rm(store, { recursive: true, force: true })
})

interface InferAnswer {
  readonly model_version: string
  readonly outputs: readonly { readonly name: string; readonly data: readonly number[] }[]
}

function readRows(
  { model_version: version, outputs }: InferAnswer,
  asked: readonly string[],
  labels: readonly string[],
) {
  const values = outputs.find(({ name }) => name === 'probabilities')?.data ?? []
  return asked.map((text, row): ScoredText => {
    const scores = labels.map((label, column) => [label, values[row * labels.length + column] as number])
    return { text, scores: Object.fromEntries(scores), model: { version } }
  })
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const reload = async (port: number) => {
  const response = await fetch(`http://127.0.0.1:${port}/model/reload`, { method: 'POST' })
  return { status: response.status, ...((await response.json()) as { outcome?: string }) }
}

// On a busy machine a swap of both took eight seconds.
it(`${swaps} swaps while texts flow by Kafka and HTTP: none fails, none is of another model, memory comes back`, {
  timeout: 1_800_000,
}, async () => {
  const startedAt = Date.now()
  const topics = await kafka.createTopics()
  const expected = await releases.expected(inventTexts(300).map(({ text }) => text))
  const texts = tellingTexts(expected)
  const settings = {
    VALENCE_MODEL: releases.uri,
    VALENCE_MODEL_STORE: store,
    VALENCE_MODEL_POLL_MS: '0',
    VALENCE_INFERENCE_WORKERS: '2',
    // Every text goes through the graph.
    VALENCE_CACHE_MAX_BYTES: '0',
  }
  const processor = await new ProcessorProcess({ ...topics.environment, ...settings }).started()
  const facadeSettings = {
    ...settings,
    VALENCE_AUTH_MODE: 'none',
    VALENCE_HTTP_PORT: '0',
    VALENCE_HTTP_TIMEOUT_MS: '30000',
    // Nobody is sent away because the machine is busy: what fails here fails by a swap.
    VALENCE_HTTP_TARGET_LATENCY_MS: '30000',
  }
  const facade = await new ProcessorProcess(
    { ...facadeSettings, VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0', VALENCE_HTTP_RATE_LIMIT_TEXTS: '0' },
    'serve',
  ).started()
  const apps = [processor, facade]

  let isFlowing = true
  const sent: AcknowledgedText[] = []
  async function feedKafka(): Promise<void> {
    while (isFlowing) {
      const next = Array.from({ length: 50 }, (_, index) => {
        const at = sent.length + index
        return { id: `id-${at}`, key: `key-${at % 50}`, text: texts[at % texts.length] as string }
      })
      await kafka.produce(topics.input, next)
      sent.push(...next)
      while (isFlowing && (await kafka.remaining(topics)) > 300) await wait(50)
    }
  }
  const answers: ScoredText[] = []
  const failures: unknown[] = []
  async function callFacade(offset: number): Promise<void> {
    for (let at = offset; isFlowing; at++) {
      const text = texts[at % texts.length] as string
      const response = await fetch(`http://127.0.0.1:${facade.port}/v1/score`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text }),
      })
      if (response.status !== 200) failures.push(await response.json())
      else answers.push({ ...((await response.json()) as ScoredText), text })
    }
  }
  /** By the Open Inference Protocol an answer names one model for all its rows. */
  async function inferAtFacade(): Promise<void> {
    for (let at = 0; isFlowing; at += 8) {
      const asked = Array.from({ length: 8 }, (_, index) => texts[(at + index) % texts.length] as string)
      const response = await fetch(`http://127.0.0.1:${facade.port}/v2/models/${releases.name}/infer`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ inputs: [{ name: 'text', datatype: 'BYTES', shape: [asked.length], data: asked }] }),
      })
      if (response.status !== 200) failures.push(await response.json())
      else answers.push(...readRows((await response.json()) as InferAnswer, asked, releases.labels))
    }
  }
  const flows = [feedKafka(), ...[0, 70, 140].map((offset) => callFacade(offset)), inferAtFacade()]
  const rss = () => Promise.all(apps.map((app) => app.metric('process_resident_memory_bytes')))
  // Heaps and caches of the process itself grow for a while under any load.
  await wait(45_000)
  const before = await rss()
  for (let swap = 0; swap < swaps; swap++) {
    await releases.publish(swap % 2 === 0 ? 'b' : 'a')
    const outcomes = await Promise.all(apps.map((app) => reload(app.adminPort)))
    expect(outcomes.map(({ status, outcome }) => [status, outcome])).toEqual(apps.map(() => [200, 'swapped']))
  }
  await wait(20_000)
  const after = await rss()
  isFlowing = false
  await Promise.all(flows)
  await kafka.drained(topics)
  const output = await readCommitted(kafka.brokers, topics.output)
  const report = compareOutput(sent, output)
  const events = output.map(({ value }) => JSON.parse(value ?? '{}'))
  const wrong = [
    ...misattributed(
      events.map(({ attributes, scores, model }) => ({ text: attributes.text, scores, model })),
      expected,
    ),
    ...misattributed(answers, expected),
  ]
  const seconds = Math.round((Date.now() - startedAt) / 1_000)
  reportFault(
    { fault: 'model swaps', seed: 0, injected: swaps * 2, longestSilenceMs: longestSilenceMs(output), seconds },
    report,
  )
  const growth = after.map((bytes, index) => bytes / (before[index] as number))
  const mib = (values: readonly number[]) => values.map((bytes) => Math.round(bytes / 2 ** 20)).join(' and ')
  process.stdout.write(
    `HTTP answers ${answers.length} · failed ${failures.length} · misattributed ${wrong.length} · RSS of processor and facade ${mib(before)} MiB before, ${mib(after)} MiB after (${growth.map((ratio) => ratio.toFixed(2)).join(' and ')})\n`,
  )
  expect([failures, wrong]).toEqual([[], []])
  expectExactlyOnce(report)
  expect(Math.max(...growth)).toBeLessThanOrEqual(1.15)
  for (const app of apps) expect(await app.stop()).toBe(0)
})
