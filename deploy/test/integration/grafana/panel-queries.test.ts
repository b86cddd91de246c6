import { request } from 'node:https'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { Certificates } from '@valence/testing/kafka/certificates'
import { ModelReleases } from '@valence/testing/models/model-releases'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { fillVariables, readPanelQueries } from '../../support/dashboard-files.ts'
import { PrometheusProcess } from '../../support/prometheus-process.ts'
import { hasPrometheus } from '../../support/prometheus-tools.ts'
import { readAlerts, readRecordings } from '../../support/rule-files.ts'

/** What a short run without faults cannot have, and why. */
const exceptions: Readonly<Record<string, string>> = {
  'valence-overview: Retried batches, A': 'no batch fails in this run',
  'valence-pipeline: Partitions standing still, A': 'no partition stands still in this run',
  'valence-model: Confidence against the week before, B': 'there is no week before',
  'valence-model: Labels against the week before, A': 'there is no week before',
}

const queries = readPanelQueries()
const cleanup = new AsyncDisposableStack()
let certificates: Certificates
let kafka: TestKafka
let topics: TestTopics
let feedbackTopic: string
let releases: ModelReleases
let processor: ProcessorProcess
let facade: ProcessorProcess
let prometheus: PrometheusProcess

function post(path: string, body: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const options = {
    host: '127.0.0.1',
    port: facade.port,
    path,
    method: 'POST',
    ca: certificates.read('facade').cert,
    headers: { 'content-type': 'application/json' },
  }
  const asking = request(options, (response) => response.resume().on('end', () => resolve(response.statusCode)))
  asking.on('error', reject).end(body)
  return promise
}

/** Resolves when the facade has hung up on what is not a request. */
function sendGarbage(): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const options = { host: '127.0.0.1', port: facade.port, ca: certificates.read('facade').cert }
  const socket = connect(options, () => socket.write('this is no request\r\n\r\n'))
  socket.resume().on('close', () => resolve())
  socket.on('error', reject)
  return promise
}

/** Texts by both ways, good and bad, from several sources. */
async function traffic(round: number): Promise<void> {
  const values = Array.from({ length: 40 }, (_, index) =>
    JSON.stringify({
      id: `${round}-${index}`,
      text: `${['good', 'bad', 'great', 'ok'][index % 4]} x${round} ${index}`,
      source: ['shop', 'app'][index % 2],
      occurredAt: new Date().toISOString(),
    }),
  )
  await kafka.produceRaw(topics.input, [...values, '{"text": 7}', '{"tex'])
  const truths = [1, 2, 3].map((index) => JSON.stringify({ id: `${round}-${index}`, label: 'positive' }))
  await kafka.produceRaw(feedbackTopic, truths)
  expect(await post('/v1/score', JSON.stringify({ text: `great ${round}` }))).toBe(200)
  expect(await post('/v1/texts', JSON.stringify({ text: `good ${round}` }))).toBe(202)
  expect(await post('/v1/score', '{"text": 7}')).toBe(422)
  await sendGarbage()
}

async function reload(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${processor.adminPort}/model/reload`, { method: 'POST' })
  return response.status
}

test.skipIf(!hasPrometheus)('a Prometheus without data answers every query without an error', async () => {
  await using nothing = await PrometheusProcess.start({})
  for (const { expr } of queries) await nothing.query(fillVariables(expr, 60))
  await expect.poll(async () => (await nothing.rules()).filter(({ health }) => health !== 'ok')).toEqual([])
})

describe.skipIf(!hasPrometheus)('with prometheus on the PATH, over a run on the local stack', () => {
  beforeAll(async () => {
    const tiny = await writeTinyModel()
    releases = await ModelReleases.of(tiny.folder)
    cleanup.defer(() => releases.remove())
    await tiny.remove()
    certificates = cleanup.use(new Certificates())
    await certificates.certify('facade')
    kafka = await TestKafka.connect(inject('stack').brokers)
    cleanup.defer(() => kafka.close())
    topics = await kafka.createTopics({ partitions: 2 })
    feedbackTopic = (await kafka.createTopics({ partitions: 1 })).input
    cleanup.defer(killAllProcessors)
    const shared = {
      ...topics.environment,
      VALENCE_REDIS_URL: inject('stack').redisUrl,
      VALENCE_INFERENCE_WORKERS: '1',
      VALENCE_MODEL_POLL_MS: '0',
      VALENCE_MODEL_STORE: join(releases.folder, 'store'),
    }
    const settings = {
      ...shared,
      VALENCE_MODEL: releases.uri,
      VALENCE_MODEL_SHADOW: join(releases.folder, 'b'),
      VALENCE_MODEL_SHADOW_RATIO: '1',
    }
    processor = new ProcessorProcess(settings)
    facade = new ProcessorProcess(
      {
        ...shared,
        VALENCE_MODEL: join(releases.folder, 'a'),
        VALENCE_AUTH_MODE: 'none',
        VALENCE_HTTP_PORT: '0',
        VALENCE_HTTP_KAFKA_ENABLED: 'true',
        VALENCE_HTTP_TLS_CERT_FILE: certificates.path('facade.crt'),
        VALENCE_HTTP_TLS_KEY_FILE: certificates.path('facade.key'),
      },
      'serve',
    )
    const lagService = new ProcessorProcess(
      { ...topics.environment, VALENCE_SCALING_INTERVAL_MS: '500', VALENCE_FEEDBACK_TOPIC: feedbackTopic },
      'lag-service',
    )
    await Promise.all([processor.started(), facade.started(), lagService.started()])
    prometheus = await PrometheusProcess.start({
      'valence-processor': `127.0.0.1:${processor.adminPort}`,
      'valence-facade': `127.0.0.1:${facade.adminPort}`,
      'valence-lag-service': `127.0.0.1:${lagService.adminPort}`,
    })
    cleanup.use(prometheus)
    // What happens before the first look is no rise of a counter.
    await vi.waitFor(async () => expect(await prometheus.query('up == 1')).toHaveLength(3), { timeout: 20_000 })
    await traffic(0)
    await releases.publish('b')
    expect(await reload()).toBe(200)
    await releases.publish('a', (manifest) => {
      manifest.files.model.sha256 = '0'.repeat(64)
    })
    expect(await reload()).toBe(422)
    // Another member comes and goes, so that partitions are given away and taken back.
    await releases.publish('b')
    const visitor = await new ProcessorProcess(settings).started()
    expect(await visitor.stop()).toBe(0)
  }, 90_000)
  afterAll(() => cleanup.disposeAsync())

  /** Those that return no series, or only NaN: a share of nothing. */
  async function empty(): Promise<string[]> {
    const answers = await Promise.all(
      queries.map(async ({ name, expr }) => ({ name, samples: await prometheus.query(fillVariables(expr, 60)) })),
    )
    return answers
      .filter(({ samples }) => samples.every(({ value: [, text] }) => text === 'NaN'))
      .map(({ name }) => name)
  }

  test('every query of every panel returns data', { timeout: 60_000 }, async () => {
    const deadline = Date.now() + 40_000
    let left: string[]
    for (let round = 1; ; round++) {
      await traffic(round)
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      left = await empty()
      if (left.every((name) => name in exceptions) || Date.now() > deadline) break
    }
    expect(left.sort()).toEqual(Object.keys(exceptions).sort())
  })

  test('every alert and every recording evaluates', async () => {
    await expect.poll(async () => (await prometheus.rules()).filter(({ health }) => health !== 'ok')).toEqual([])
    const rules = await prometheus.rules()
    const named = (type: string) => rules.filter((rule) => rule.type === type).map(({ name }) => name)
    expect(named('alerting').sort()).toEqual(
      readAlerts()
        .map(({ alert }) => alert)
        .sort(),
    )
    expect(named('recording').sort()).toEqual(
      readRecordings()
        .map(({ record }) => record)
        .sort(),
    )
  })

  test('the refused model raises its alert, the heartbeat beats, and a run in order raises no page', async () => {
    const firing = async () => {
      const rules = await prometheus.rules()
      return rules.filter(({ state }) => state === 'firing').map(({ name }) => name)
    }
    await expect.poll(firing).toEqual(expect.arrayContaining(['ValenceModelSwapFailed', 'ValenceWatchdog']))
    const pages = readAlerts().filter(({ labels }) => labels.severity === 'page')
    const fired = await firing()
    expect(pages.map(({ alert }) => alert).filter((name) => fired.includes(name))).toEqual([])
  })
})
