import { availableParallelism } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startLocalStack } from '@valence/deploy/local/stack'
import { createKafka } from '@valence/producer-sdk/kafka'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { ProcessorProcess } from '@valence/testing/processes/processor-process'
import { readMeasurements } from './report/measurements.ts'
import { resultOptions, writeResults } from './report/results.ts'
import { readTexts } from './texts.ts'

/** Milliseconds until a read-committed consumer has the score of a text. */
export interface Latencies {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** Counted from when the text was handed to the producer, and from when the broker appended it. */
export interface LatencyRow extends Latencies {
  readonly share: number
  readonly textsPerSecond: number
  readonly texts: number
  readonly fromAppend: Latencies
}

const { values } = parseArgs({
  options: {
    texts: { type: 'string' },
    seconds: { type: 'string', default: '15' },
    shares: { type: 'string', default: '0.1,0.5,0.8,0.95' },
    ...resultOptions,
  },
})
if (values.texts === undefined) throw new Error('--texts FILE.jsonl is missing')
const seconds = Number(values.seconds)
/** kafkajs's ConfigResourceTypes.TOPIC. */
const topicResource = 2
const tweets = readTexts(values.texts)
let next = 0

/** A text that no cache has seen. */
const freshText = () => `${tweets[next % tweets.length]} ${next++}`

/** Sends texts at an even rate, a handful every few milliseconds, as a service would; resolves when the time is over. */
async function feedEvenly(
  kafka: TestKafka,
  topic: string,
  perSecond: number,
  seconds: number,
  sentAt: Map<string, number>,
) {
  const start = performance.now()
  const sends: Promise<void>[] = []
  let sent = 0
  for (;;) {
    const elapsed = (performance.now() - start) / 1_000
    if (elapsed >= seconds) break
    const due = Math.floor(elapsed * perSecond) - sent
    const batch = Array.from({ length: due }, () => ({ id: `t${next}`, key: `k${next % 97}`, text: freshText() }))
    for (const { id } of batch) sentAt.set(id, performance.now())
    if (due > 0) sends.push(kafka.produce(topic, batch, ({ id, text }) => JSON.stringify({ id, text })))
    sent += due
    await delay(5)
  }
  await Promise.all(sends)
}

const quantile = (sorted: readonly number[], q: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN

/**
 * What is scored a second while more comes in than can be: less than of a backlog, for producer, broker and consumer
 * work beside the processor now. The first half warms everything up and does not count.
 */
async function measureCapacity(
  kafka: TestKafka,
  topics: TestTopics,
  arrived: ReadonlyMap<string, number>,
): Promise<number> {
  const { processor } = readMeasurements().bench
  await feedEvenly(kafka, topics.input, processor.textsPerSecond, seconds, new Map())
  const before = arrived.size
  const startedAt = performance.now()
  await feedEvenly(kafka, topics.input, processor.textsPerSecond, seconds, new Map())
  const capacity = ((arrived.size - before) * 1_000) / (performance.now() - startedAt)
  await kafka.drained(topics)
  return capacity
}

/** A load, and when each of its texts was handed to the producer. */
interface Level {
  readonly share: number
  readonly textsPerSecond: number
  readonly sentAt: ReadonlyMap<string, number>
}

async function measureAt(
  kafka: TestKafka,
  topics: TestTopics,
  { share, capacity }: { readonly share: number; readonly capacity: number },
): Promise<Level> {
  const perSecond = capacity * share
  const sentAt = new Map<string, number>()
  // The first seconds warm connections up and do not count.
  await feedEvenly(kafka, topics.input, perSecond, 3, new Map())
  await feedEvenly(kafka, topics.input, perSecond, seconds, sentAt)
  await kafka.drained(topics)
  await delay(500)
  return { share, textsPerSecond: perSecond, sentAt }
}

function latenciesOf(since: ReadonlyMap<string, number>, ids: Iterable<string>, arrived: ReadonlyMap<string, number>) {
  const at = (times: ReadonlyMap<string, number>, id: string) => times.get(id) ?? Number.NaN
  const times = [...ids].map((id) => at(arrived, id) - at(since, id)).sort((a, b) => a - b)
  if (times.some(Number.isNaN)) throw new Error(`${times.filter(Number.isNaN).length} texts did not arrive`)
  const [p50, p99, max] = [0.5, 0.99, 1].map((q) => quantile(times, q)) as [number, number, number]
  return { p50, p99, max }
}

/** When the broker appended each text, on the clock of this process. */
async function appendTimes(brokers: string, topic: string): Promise<Map<string, number>> {
  const records = await readCommitted(brokers, topic)
  return new Map(
    records.map(({ value, timestamp }) => [JSON.parse(value ?? '').id, timestamp - performance.timeOrigin]),
  )
}

/** The broker's clock on the records of a topic, in the place of the producer's. */
function stampOnAppend(kafka: TestKafka, topic: string): Promise<unknown> {
  const configEntries = [{ name: 'message.timestamp.type', value: 'LogAppendTime' }]
  return kafka.admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: topicResource, name: topic, configEntries }],
  })
}

const stack = await startLocalStack({ parts: ['kafka'] })
const kafka = await TestKafka.connect(stack.brokers)
const levels: Level[] = []
let rows: LatencyRow[] = []
let capacity = Number.NaN
try {
  const topics = await kafka.createTopics({ partitions: 6 })
  await stampOnAppend(kafka, topics.input)
  const processor = await new ProcessorProcess({
    ...topics.environment,
    VALENCE_INFERENCE_WORKERS: String(availableParallelism()),
  }).started()
  const consumer = createKafka({ brokers: stack.brokers, clientId: 'latency' }).consumer({
    groupId: `${topics.groupId}.read`,
    maxWaitTimeInMs: 100,
  })
  const arrived = new Map<string, number>()
  await consumer.connect()
  await consumer.subscribe({ topics: [topics.output], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      arrived.set(JSON.parse(String(message.value)).id, performance.now())
    },
  })
  capacity = await measureCapacity(kafka, topics, arrived)
  process.stdout.write(`${capacity.toFixed(0)} texts/s with producer and consumer beside it\n`)
  for (const share of values.shares.split(',').map(Number)) {
    levels.push(await measureAt(kafka, topics, { share, capacity }))
    process.stdout.write(`${share * 100} % done\n`)
  }
  const appended = await appendTimes(stack.brokers, topics.input)
  rows = levels.map(({ sentAt, ...level }) => ({
    ...level,
    texts: sentAt.size,
    ...latenciesOf(sentAt, sentAt.keys(), arrived),
    fromAppend: latenciesOf(appended, sentAt.keys(), arrived),
  }))
  for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`)
  await consumer.disconnect()
  await processor.stop()
} finally {
  await kafka.close()
  await stack.stop()
}
await writeResults('benchmarks-latency', { date: new Date().toISOString(), capacity, rows }, values)
process.exit(0)
