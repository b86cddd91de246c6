import type { LocalStack } from '@valence/deploy/local/local-stack'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { ProcessorProcess } from '@valence/testing/processes/processor-process'
import { MetricSamples } from '../../src/monitoring/metric-samples.ts'

/** What a fault may ask for beyond one processor and a lag service. */
export interface WorldSettings {
  readonly partitions?: number
  readonly processors?: number
  readonly processor?: Readonly<Record<string, string>>
  readonly lagService?: Readonly<Record<string, string>>
  readonly facade?: Readonly<Record<string, string>>
}

/** A group of its own at work on a trickle of texts. */
export interface World {
  readonly stack: LocalStack
  readonly kafka: TestKafka
  readonly topics: TestTopics
  readonly processors: readonly ProcessorProcess[]
  readonly lagService: ProcessorProcess
  readonly facade: ProcessorProcess | undefined
  /** Replaces the texts that come from now on, and how many a second. */
  load(perSecond: number, invent: (index: number) => string, key?: string): void
  close(): Promise<void>
}

const scalingIntervalMs = '2000'
const tickMs = 250

export async function openWorld(stack: LocalStack, model: string, settings: WorldSettings): Promise<World> {
  const kafka = await TestKafka.connect(stack.brokers)
  const topics = await kafka.createTopics({ partitions: settings.partitions ?? 3 })
  const environment = { ...topics.environment, VALENCE_REDIS_URL: stack.redisUrl, VALENCE_MODEL: model }
  const processor = { VALENCE_INFERENCE_WORKERS: '1', ...environment, ...settings.processor }
  const processors = await Promise.all(
    Array.from({ length: settings.processors ?? 1 }, () => new ProcessorProcess(processor).started()),
  )
  const lagService = await new ProcessorProcess(
    { ...topics.environment, VALENCE_SCALING_INTERVAL_MS: scalingIntervalMs, ...settings.lagService },
    'lag-service',
  ).started()
  const facade =
    settings.facade &&
    (await new ProcessorProcess(
      { VALENCE_MODEL: model, VALENCE_INFERENCE_WORKERS: '1', VALENCE_HTTP_PORT: '0', ...settings.facade },
      'serve',
    ).started())
  const load = startLoad(kafka, topics.input)
  return {
    stack,
    kafka,
    topics,
    processors,
    lagService,
    facade,
    load: load.set,
    async close() {
      load.stop()
      await Promise.all([...processors, lagService, facade].map((own) => own?.kill()))
      await kafka.close()
    },
  }
}

function startLoad(kafka: TestKafka, topic: string) {
  let index = 0
  let [perSecond, invent] = [8, (at: number) => `{"id":"t${at}","text":"good ${at}"}`]
  let owed = 0
  let key: string | undefined
  const timer = setInterval(() => {
    owed += (perSecond * tickMs) / 1_000
    const count = Math.floor(owed)
    owed -= count
    const texts = Array.from({ length: count }, () => ({ id: '', key: key ?? `k${index}`, text: invent(index++) }))
    // Brokers that are away take nothing; the fault is measured at the services, not here.
    if (count > 0) kafka.produce(topic, texts, ({ text }) => text).catch(() => undefined)
  }, tickMs)
  return {
    set(rate: number, next: (at: number) => string, nextKey?: string) {
      perSecond = rate
      invent = next
      key = nextKey
    },
    stop: () => clearInterval(timer),
  }
}

export async function scrape(service: ProcessorProcess): Promise<MetricSamples> {
  const response = await fetch(`http://127.0.0.1:${service.adminPort}/metrics`, { signal: AbortSignal.timeout(5_000) })
  return new MetricSamples(await response.text())
}
