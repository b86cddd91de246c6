import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { reportFault } from '@valence/testing/counting/fault-report'
import { compareOutput, expectExactlyOnce, longestSilenceMs } from '@valence/testing/counting/invariants'
import { inventTexts, TestKafka } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

let stack: LocalStack
let kafka: TestKafka

beforeAll(async () => {
  stack = await startLocalStack({ parts: ['kafka'], kafkaNodes: 3 })
  kafka = await TestKafka.connect(stack.brokers)
}, 180_000)
afterEach(killAllProcessors)
afterAll(async () => {
  await kafka?.close()
  await stack?.stop()
})

it('SIGKILL and restart of each of three brokers in turn: nothing lost, nothing doubled', async () => {
  const topics = await kafka.createTopics({ replication: 3 })
  const texts = inventTexts(12_000)
  const startedAt = Date.now()
  await kafka.produce(topics.input, texts)
  const processors = await Promise.all(
    [0, 1].map((seat) =>
      new ProcessorProcess({ ...topics.environment, VALENCE_KAFKA_INSTANCE_ID: `seat-${seat}` }).started(),
    ),
  )
  const drained = kafka.drained(topics, 120_000)
  for (const broker of stack.kafka.brokers.keys()) {
    await stack.kafka.kill(broker)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    await stack.kafka.restart(broker)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
  }
  await drained
  const output = await readCommitted(stack.brokers, topics.output)
  const report = compareOutput(texts, output)
  const seconds = Math.round((Date.now() - startedAt) / 1_000)
  reportFault(
    {
      fault: 'SIGKILL and restart of brokers',
      seed: 0,
      injected: 3,
      longestSilenceMs: longestSilenceMs(output),
      seconds,
    },
    report,
  )
  expectExactlyOnce(report)
  await Promise.all(processors.map((processor) => processor.stop()))
})

it('SIGKILL of the only broker, 10 s away: the same processor goes on, and says meanwhile that it is not ready', async () => {
  const alone = await startLocalStack({ parts: ['kafka'] })
  await using cleanup = new AsyncDisposableStack()
  cleanup.defer(() => alone.stop())
  const client = await TestKafka.connect(alone.brokers)
  cleanup.defer(() => client.close())
  const topics = await client.createTopics({ partitions: 2 })
  const processor = await new ProcessorProcess({
    ...topics.environment,
    VALENCE_KAFKA_SESSION_TIMEOUT_MS: '6000',
  }).started()
  const status = async () => (await fetch(`http://127.0.0.1:${processor.adminPort}/readyz`)).status
  const ready = (expected: number) =>
    processor.whileUp(expect.poll(status, { timeout: 60_000, interval: 200 }).toBe(expected))
  const texts = inventTexts(400)
  await client.produce(topics.input, texts.slice(0, 200))
  await processor.whileUp(client.drained(topics))
  await ready(200)

  await alone.kafka.kill(0)
  await processor.whileUp(new Promise((resolve) => setTimeout(resolve, 10_000)))
  await ready(503)
  await alone.kafka.restart(0)
  await client.produce(topics.input, texts.slice(200))
  await processor.whileUp(client.drained(topics, 120_000))
  await ready(200)
  expectExactlyOnce(compareOutput(texts, await readCommitted(alone.brokers, topics.output)))
  expect(await processor.stop()).toBe(0)
})
