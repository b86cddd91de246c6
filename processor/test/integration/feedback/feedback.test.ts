import { Writable } from 'node:stream'
import { createKafka } from '@valence/producer-sdk/kafka'
import { createSchemaRegistry, feedbackEventAvro, frame, scoredEventJson, valueSubject } from '@valence/schemas'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { afterAll, beforeAll, expect, inject, it, onTestFinished, vi } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { MetricSamples } from '../../../src/monitoring/metric-samples.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { startLagService } from '../../../src/services/lag-service.ts'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterAll(() => kafka.close())

/** A lag service that joins feedback, once it reads both topics. */
async function startService(topics: TestTopics, feedbackTopic: string, settings: Record<string, string> = {}) {
  const connected = Promise.withResolvers<void>()
  const seen = new Set<unknown>()
  const lines = new Writable({
    write(chunk, _encoding, done) {
      const { msg, topic } = JSON.parse(String(chunk)) as { msg: string; topic?: string }
      if (msg === 'feedback connected') seen.add(topic)
      if (seen.size === 2) connected.resolve()
      done()
    },
  })
  const config = readConfig({
    ...topics.environment,
    VALENCE_SCHEMA_REGISTRY_URL: inject('stack').registryUrl,
    VALENCE_ADMIN_PORT: '0',
    VALENCE_FEEDBACK_TOPIC: feedbackTopic,
    ...settings,
  })
  const service = await startLagService({ config, logger: createLogger('info', lines) })
  onTestFinished(() => service.stop())
  await connected.promise
  const scrape = async () => {
    const response = await fetch(`http://127.0.0.1:${service.adminPort}/metrics`)
    return new MetricSamples(await response.text())
  }
  return { scrape }
}

function scored(id: string, label: string, version = '0.1.0'): Buffer {
  return scoredEventJson.encode({
    id,
    occurredAt: null,
    source: null,
    lang: null,
    attributes: {},
    label,
    scores: { negative: 0, neutral: 0, positive: 0, [label]: 1 },
    valence: 0,
    model: { name: 'm', version, sha256: '0123456789ab' },
    tokens: 3,
    truncated: false,
    scoredAt: Date.now(),
    origin: null,
  })
}

const createFeedbackTopic = async () => (await kafka.createTopics({ partitions: 2 })).input

it('counts how often the model was right, from JSON and from Avro, and which labels it mistook', async () => {
  const topics = await kafka.createTopics({ partitions: 3 })
  const topic = await createFeedbackTopic()
  const registry = createSchemaRegistry({ url: inject('stack').registryUrl })
  const schemaId = await registry.registerFor(valueSubject(topic), 'feedback-event')
  const { scrape } = await startService(topics, topic)

  await kafka.produceRaw(topic, [JSON.stringify({ id: 'early', label: 'neutral' })])
  await kafka.produceRaw(topics.output, [
    scored('early', 'neutral'),
    scored('a', 'positive'),
    scored('b', 'positive', '0.2.0'),
    null,
    'no scored event',
  ])
  await kafka.produceRaw(topic, [
    JSON.stringify({ id: 'a', label: 'positive' }),
    frame(schemaId, feedbackEventAvro.encode({ id: 'b', label: 'negative', judgedAt: Date.now() })),
    JSON.stringify({ id: 'a', label: 'negative' }),
    JSON.stringify({ id: 'nobody', label: 'positive' }),
    JSON.stringify({ label: 'positive' }),
  ])

  const judged = 'valence_feedback_labels_total'
  const count = (samples: MetricSamples, outcome: string) => samples.sum('valence_feedback_events_total', { outcome })
  await vi.waitFor(
    async () => {
      const samples = await scrape()
      // Of the two labels of `a`, one comes first; which one, two partitions do not say.
      expect(count(samples, 'right') + count(samples, 'wrong')).toBe(3)
      expect(count(samples, 'repeated')).toBe(1)
      expect(count(samples, 'invalid')).toBe(1)
      expect(samples.sum('valence_feedback_waiting_events', { kind: 'feedback' })).toBe(1)
    },
    { timeout: 20_000, interval: 100 },
  )
  const samples = await scrape()
  expect(samples.sum(judged, { version: '0.2.0', truth: 'negative', answer: 'positive' })).toBe(1)
  expect(samples.sum(judged, { version: '0.1.0', truth: 'neutral', answer: 'neutral' })).toBe(1)
  expect(samples.sum('valence_feedback_delay_seconds_count')).toBe(3)
})

it('counts feedback as unmatched once its window is over, and commits nothing for its groups', async () => {
  const topics = await kafka.createTopics({ partitions: 1 })
  const topic = await createFeedbackTopic()
  const { scrape } = await startService(topics, topic, { VALENCE_FEEDBACK_WINDOW_MS: '1000' })
  await kafka.produceRaw(topic, [JSON.stringify({ id: 'nobody', label: 'positive' })])
  await vi.waitFor(
    async () => {
      const samples = await scrape()
      expect(samples.sum('valence_feedback_events_total', { outcome: 'unmatched' })).toBe(1)
      expect(samples.sum('valence_feedback_waiting_events')).toBe(0)
    },
    { timeout: 20_000, interval: 100 },
  )
  const admin = createKafka({ brokers: kafka.brokers, clientId: 'test' }).admin()
  await admin.connect()
  const { groups } = await admin.listGroups()
  const own = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(`${topics.groupId}-feedback`))
  const offsets = await Promise.all(
    own.map((groupId) => admin.fetchOffsets({ groupId, topics: [topic, topics.output] })),
  )
  await admin.disconnect()
  expect(own.length).toBeGreaterThan(0)
  const positions = offsets.flat().flatMap(({ partitions }) => partitions.map(({ offset }) => offset))
  expect(positions.filter((offset) => offset !== '-1')).toEqual([])
  expect(positions.length).toBeGreaterThan(0)
})
