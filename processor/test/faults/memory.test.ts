import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { inventTexts, TestKafka } from '@valence/testing/counting/workload'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

const total = Number(process.env.VALENCE_FAULTS_MEMORY_TEXTS ?? 200_000)
const chunk = 10_000
let stack: LocalStack
let kafka: TestKafka

beforeAll(async () => {
  stack = await startLocalStack({ parts: ['kafka'] })
  kafka = await TestKafka.connect(stack.brokers)
})
afterEach(killAllProcessors)
afterAll(async () => {
  await kafka?.close()
  await stack?.stop()
})

it(`keeps its memory flat and its event loop free over ${total} texts`, async () => {
  const topics = await kafka.createTopics()
  const processor = await new ProcessorProcess(topics.environment).started()
  const samples: { texts: number; rssMiB: number; loopDelayP99Ms: number }[] = []
  const texts = inventTexts(total)
  for (let at = 0; at < total; at += chunk) {
    await kafka.produce(topics.input, texts.slice(at, at + chunk))
    await kafka.drained(topics)
    const metric = await processor.scrape()
    const rssMiB = Math.round(metric('process_resident_memory_bytes') / 2 ** 20)
    const loopDelayP99Ms = Math.round(metric('nodejs_eventloop_lag_p99_seconds') * 10_000) / 10
    samples.push({ texts: at + chunk, rssMiB, loopDelayP99Ms })
    process.stdout.write(`${at + chunk} texts: ${rssMiB} MiB, event-loop delay p99 ${loopDelayP99Ms} ms\n`)
  }
  // The score cache (16 MiB of some 370 bytes each) is full after about 45,000 texts; from there on nothing may grow.
  const cachesFull = samples[Math.floor(samples.length / 2)]?.rssMiB ?? 0
  expect(samples.at(-1)?.rssMiB).toBeLessThan(cachesFull * 1.1)
  const delays = samples.map(({ loopDelayP99Ms }) => loopDelayP99Ms).sort((a, b) => a - b)
  expect(delays[Math.floor(delays.length / 2)]).toBeLessThan(20)
})
