import { context, diag, metrics, propagation, trace } from '@opentelemetry/api'
import { createScoreConsumer, createTextProducer } from '@valence/producer-sdk'
import type { ScoredEvent } from '@valence/schemas'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { startCollector } from '@valence/testing/telemetry/otel-collector'
import { attributeOf, OtlpReceiver, type ReceivedSpan } from '@valence/testing/telemetry/otlp-receiver'
import { afterAll, afterEach, beforeAll, expect, inject, it, vi } from 'vitest'
import { startTracing } from '../../../src/observability/tracing.ts'

let kafka: TestKafka
let model: Awaited<ReturnType<typeof writeTinyModel>>

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
  model = await writeTinyModel()
})
afterEach(killAllProcessors)
afterAll(() => Promise.all([kafka.close(), model.remove()]))

const word = 'awful'

/** Sends texts, lets a processor score them and reads the scores, each in its own traced process or in this one. */
async function follow(
  environment: Record<string, string>,
  topics: TestTopics,
  ids: readonly string[],
  settings: object = {},
) {
  const processor = await new ProcessorProcess({
    ...topics.environment,
    VALENCE_MODEL: model.folder,
    VALENCE_INFERENCE_WORKERS: '1',
    ...environment,
    ...settings,
  }).started()
  const brokers = topics.environment.VALENCE_KAFKA_BROKERS ?? ''
  const producer = createTextProducer({ brokers, topic: topics.input, lingerMs: 50 })
  const seen = new Map<string, { event: ScoredEvent; traceparent: string }>()
  const all = Promise.withResolvers<void>()
  const consumer = createScoreConsumer({
    brokers,
    topic: topics.output,
    groupId: `${topics.groupId}-reader`,
    fromBeginning: true,
    handler: (event, { headers }) => {
      seen.set(event.id, { event, traceparent: String(headers.traceparent) })
      if (seen.size === ids.length) all.resolve()
    },
  })
  await consumer.start()
  await Promise.all(ids.map((id) => producer.send({ id, text: `${word} ${id}` }, { key: 'same' })))
  await all.promise
  await Promise.all([consumer.stop({ leaveGroup: true }), producer.close(), processor.stop()])
  return seen
}

function treeOf(spans: readonly ReceivedSpan[], traceId: string) {
  const own = spans.filter((span) => span.traceId === traceId)
  const named = (pattern: RegExp) => {
    const found = own.filter(({ name }) => pattern.test(name))
    expect(
      found.map(({ name }) => name),
      String(pattern),
    ).toHaveLength(1)
    return found[0] as ReceivedSpan
  }
  return { own, named }
}

// First: in the other test this process traces as well, and its texts come sampled.
it('samples as it is told, and leaves the headers of what it does not sample alone', async () => {
  await using receiver = await OtlpReceiver.start()
  const topics = await kafka.createTopics({ partitions: 1 })
  const never = { OTEL_TRACES_SAMPLER: 'parentbased_always_off' }
  const seen = await follow(receiver.environment, topics, ['a', 'b'], never)
  expect(receiver.spans).toEqual([])
  expect([...seen.values()].map(({ traceparent }) => traceparent)).toEqual(['undefined', 'undefined'])
})

// A collector by OpenTelemetry, where one is at hand: docs/tracing.md says how to build one.
const collector = process.env.VALENCE_LOCAL_OTELCOL
const ways = [
  ['straight to a receiver', undefined],
  ['through a collector', collector],
] as const

it.for(ways)(
  'one trace shows a text from the producer to the consumer, its batch linked both ways: %s',
  async ([name, binary], { skip }) => {
    skip(name === 'through a collector' && binary === undefined, 'VALENCE_LOCAL_OTELCOL names no collector')
    await using receiver = await OtlpReceiver.start()
    const between = binary === undefined ? undefined : await startCollector(binary, receiver)
    const environment = between?.environment ?? receiver.environment
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
    vi.stubEnv('OTEL_SERVICE_NAME', 'client')
    const tracing = await startTracing(process.env)
    const topics = await kafka.createTopics({ partitions: 1 })
    const ids = ['first', 'second', 'third']
    const seen = await follow(environment, topics, ids)
    await tracing?.stop()
    // Only then can the next run register an SDK of its own.
    for (const api of [context, diag, metrics, propagation, trace]) api.disable()
    await between?.stop()
    vi.unstubAllEnvs()
    expect([...receiver.services].sort()).toEqual(['client', 'valence'])

    const traceIds = ids.map((id) => seen.get(id)?.traceparent.split('-')[1] as string)
    expect(new Set(traceIds).size).toBe(3)
    for (const traceId of traceIds) {
      const { named } = treeOf(receiver.spans, traceId)
      const sent = named(new RegExp(`^send ${topics.input}$`))
      const processed = named(new RegExp(`^process ${topics.input}$`))
      expect(sent.parentSpanId ?? '').toBe('')
      expect([sent.kind, processed.kind]).toEqual([4, 5])
      expect(processed.parentSpanId).toBe(sent.spanId)
      for (const phase of [/^decode$/, /^tokenize$/, /^queue$/, /^infer$/, /^encode$/, /^commit /]) {
        expect(named(phase).parentSpanId, String(phase)).toBe(processed.spanId)
      }
      const published = named(new RegExp(`^send ${topics.output}$`))
      const consumed = named(new RegExp(`^process ${topics.output}$`))
      expect(published.parentSpanId).toBe(processed.spanId)
      expect(consumed.parentSpanId).toBe(published.spanId)
      expect(attributeOf(consumed, 'messaging.consumer.group.name')).toBe(`${topics.groupId}-reader`)
      // In the order in which they happened, within the span of the record.
      const order = [/^decode$/, /^tokenize$/, /^infer$/, /^encode$/, /^commit /].map((phase) => named(phase))
      for (const [index, span] of order.slice(1).entries()) {
        expect(BigInt(span.startTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(order[index]?.startTimeUnixNano ?? 0))
      }
      expect(BigInt(named(/^commit /).endTimeUnixNano)).toBeLessThanOrEqual(BigInt(processed.endTimeUnixNano))

      const batchId = named(/^infer$/).links?.[0]?.spanId
      const batch = receiver.spans.find(({ spanId }) => spanId === batchId) as ReceivedSpan
      expect(batch.name).toBe('infer batch')
      expect(batch.links).toContainEqual(expect.objectContaining({ traceId, spanId: processed.spanId }))
      expect(batch.links).toHaveLength(Number(attributeOf(batch, 'valence.batch.texts')))
    }
    expect(JSON.stringify(receiver.spans)).not.toContain(word)
  },
)
