import { createTextProducer } from '@valence/producer-sdk'
import { createSchemaRegistry, valueSubject } from '@valence/schemas'
import type { LocalStack } from '../../deploy/local/stack.ts'
import { ProcessorProcess } from '../test/support/processor-process.ts'
import { TestKafka } from '../test/support/workload.ts'

/** What a real processor spent on a backlog: Kafka in, Kafka out, exactly once. */
export interface ProcessorCost {
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
  format = 'avro',
  environment = {},
}: ProcessorBenchOptions): Promise<ProcessorCost> {
  const kafka = await TestKafka.connect(stack.brokers)
  try {
    const topics = await kafka.createTopics({ partitions })
    if (format === 'avro') await fillWithAvro(stack, topics.input, texts)
    else await fillWithJson(kafka, topics.input, texts)
    const processor = await new ProcessorProcess({
      ...topics.environment,
      ...(format === 'avro' && { VALENCE_SCHEMA_REGISTRY_URL: stack.registryUrl }),
      VALENCE_OUTPUT_FORMAT: format,
      VALENCE_MODEL: modelFolder,
      VALENCE_INFERENCE_WORKERS: String(workers),
      ...environment,
    }).started()
    // From here on: loading the model is paid and must not count.
    const before = await processor.metric('process_cpu_seconds_total')
    const start = performance.now()
    await kafka.drained(topics)
    const wallSeconds = (performance.now() - start) / 1_000
    const metric = await processor.scrape()
    const scored = metric('valence_pipeline_records_total', 'outcome="scored"')
    if (scored !== texts.length) throw new Error(`${scored} of ${texts.length} texts were scored`)
    const cost = {
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
