import type { LocalStack } from '@valence/deploy/local/local-stack'
import { createTextProducer } from '@valence/producer-sdk'
import { createSchemaRegistry, valueSubject } from '@valence/schemas'
import { TestKafka } from '@valence/testing/counting/workload'
import { ProcessorProcess } from '@valence/testing/processes/processor-process'

/** What a real processor spent on a backlog: Kafka in, Kafka out, exactly once. */
export interface ProcessorCost {
  readonly texts: number
  readonly wallSeconds: number
  /** CPU seconds of the processor's process from the first record to the last commit, as the operating system counts them. */
  readonly cpuSeconds: number
  readonly eventLoopDelayP99Ms: number
  readonly rssBytes: number
}

export interface ProcessorBenchOptions {
  readonly stack: LocalStack
  readonly texts: readonly string[]
  readonly modelFolder: string
  readonly workers: number
  /** Of the input; default 6. */
  readonly partitions?: number
  /** So many records wait behind the texts, these over and over; then the run ends when as many as there are texts are scored. */
  readonly behind?: { readonly count: number; readonly texts: readonly string[] }
  /** The core that all of the processor's threads share; any, when absent. */
  readonly core?: number
  /** Of the records in and out; default Avro. */
  readonly format?: 'avro' | 'json'
  /** Settings over those of the benchmark. */
  readonly environment?: Readonly<Record<string, string>>
}

/** Fills a topic with records, then lets one processor work it off. Caches cannot help where the texts are distinct. */
export async function runProcessor({
  stack,
  texts,
  modelFolder,
  workers,
  partitions = 6,
  behind,
  core,
  format = 'avro',
  environment = {},
}: ProcessorBenchOptions): Promise<ProcessorCost> {
  const kafka = await TestKafka.connect(stack.brokers)
  try {
    const topics = await kafka.createTopics({ partitions })
    if (format === 'avro') await fillWithAvro(stack, topics.input, texts)
    else await fillWithJson(kafka, topics.input, texts)
    if (behind) await fillBehind(kafka, topics.input, partitions, behind)
    const processor = await new ProcessorProcess({
      ...topics.environment,
      ...(format === 'avro' && { VALENCE_SCHEMA_REGISTRY_URL: stack.registryUrl }),
      VALENCE_OUTPUT_FORMAT: format,
      VALENCE_MODEL: modelFolder,
      VALENCE_INFERENCE_WORKERS: String(workers),
      ...environment,
    }).started()
    if (core !== undefined) processor.pinTo(core)
    // From here on: loading the model is paid and must not count.
    const before = await processor.metric('process_cpu_seconds_total')
    const start = performance.now()
    if (!behind) await kafka.drained(topics)
    else await scoredBy(processor, texts.length)
    const wallSeconds = (performance.now() - start) / 1_000
    const metric = await processor.scrape()
    const scored = metric('valence_pipeline_records_total', 'outcome="scored"')
    if (!behind && scored !== texts.length) throw new Error(`${scored} of ${texts.length} texts were scored`)
    const cost = {
      texts: scored,
      wallSeconds,
      cpuSeconds: metric('process_cpu_seconds_total') - before,
      eventLoopDelayP99Ms: metric('nodejs_eventloop_lag_p99_seconds') * 1_000,
      rssBytes: metric('process_resident_memory_bytes'),
    }
    await processor.stop()
    return cost
  } finally {
    await kafka.close()
  }
}

async function fillWithAvro(stack: LocalStack, topic: string, texts: readonly string[]): Promise<void> {
  const registry = createSchemaRegistry({ url: stack.registryUrl })
  await registry.registerFor(valueSubject(topic), 'text-event')
  const producer = createTextProducer({ brokers: stack.brokers, schemaRegistryUrl: stack.registryUrl, topic })
  await producer.sendAll(texts.map((text, index) => ({ id: `t${index}`, text })))
  await producer.close()
}

function fillWithJson(kafka: TestKafka, topic: string, texts: readonly string[]): Promise<void> {
  const all = texts.map((text, index) => ({ id: `t${index}`, key: `t${index}`, text }))
  return kafka.produce(topic, all, ({ id, text }) => JSON.stringify({ id, text }))
}

/** Evenly over the partitions, without keys and in large requests, because there are millions. */
async function fillBehind(
  kafka: TestKafka,
  topic: string,
  partitions: number,
  { count, texts }: NonNullable<ProcessorBenchOptions['behind']>,
): Promise<void> {
  const perRequest = 20_000
  const values = texts.map((text, index) => Buffer.from(JSON.stringify({ id: `behind${index}`, text })))
  for (let at = 0; at < count; at += perRequest) {
    const messages = Array.from({ length: Math.min(perRequest, count - at) }, (_, index) => ({
      value: values[(at + index) % values.length] as Buffer,
      partition: (at + index) % partitions,
    }))
    await kafka.send(topic, messages)
  }
}

/** Resolves when so many texts are scored; what waits behind them is not looked at. */
async function scoredBy(processor: ProcessorProcess, count: number): Promise<void> {
  while ((await processor.metric('valence_pipeline_records_total', 'outcome="scored"')) < count)
    await new Promise((resolve) => setTimeout(resolve, 100))
}
