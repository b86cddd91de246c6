import { randomUUID } from 'node:crypto'
import { createKafka, type Kafka } from '@valence/producer-sdk/kafka'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { describeCluster } from '../../../local/kafka-probe.ts'
import type { LocalStack } from '../../../local/local-stack.ts'
import { startLocalStack } from '../../../local/stack.ts'

let stack: LocalStack
let kafka: Kafka

beforeAll(async () => {
  vi.stubEnv('VALENCE_KAFKA_BROKERS', '')
  stack = await startLocalStack({ kafkaNodes: 3, parts: ['kafka'], kafkaProperties: { 'num.partitions': '4' } })
  vi.unstubAllEnvs()
  kafka = createKafka({ brokers: stack.brokers, clientId: 'three-brokers' })
})
afterAll(() => stack?.stop())

function brokersSeenBy(i: number): Promise<number[]> {
  const [host = '', port] = (stack.kafka.brokers[i] ?? '').split(':')
  return describeCluster(host, Number(port))
}

async function send(topic: string, values: readonly string[]): Promise<void> {
  const producer = kafka.producer({ idempotent: true })
  await producer.connect()
  await producer.send({ topic, acks: -1, messages: values.map((value) => ({ value })) })
  await producer.disconnect()
}

async function countRecords(topic: string): Promise<number> {
  const admin = kafka.admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  return offsets.reduce((sum, { high }) => sum + Number(high), 0)
}

/** Whoever takes the next broker away before that leaves a partition with fewer replicas than a write needs. */
async function awaitReplicasInSync(topic: string): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  const inSync = async () => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.map(({ isr }) => isr.length)
  }
  await expect.poll(inSync, { timeout: 60_000 }).toEqual([3, 3, 3, 3, 3, 3])
  await admin.disconnect()
}

test('three brokers on ports of their own that all see one another', async () => {
  expect(new Set(stack.kafka.brokers).size).toBe(3)
  expect(stack.brokers).toBe(stack.kafka.brokers.join(','))
  expect(stack.environment).toEqual({ VALENCE_KAFKA_BROKERS: stack.brokers })
  for (const i of [0, 1, 2]) expect((await brokersSeenBy(i)).sort()).toEqual([1, 2, 3])
})

test('topics are replicated, given properties hold, and nothing is created by asking for it', async () => {
  const admin = kafka.admin()
  await admin.connect()
  const topic = `t-${randomUUID()}`
  await admin.createTopics({ topics: [{ topic, numPartitions: -1, replicationFactor: -1 }] })
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
  expect(topics[0]?.partitions.map(({ replicas }) => replicas.length)).toEqual([3, 3, 3, 3])
  await admin.disconnect()
  const impatient = createKafka({ brokers: stack.brokers, clientId: 'impatient', retry: { retries: 1 } }).admin()
  await impatient.connect()
  await expect(impatient.fetchTopicOffsets(`no-${randomUUID()}`)).rejects.toThrow(/does not host this topic/)
  await impatient.disconnect()
})

test('brokers can be killed and restarted in turn; what was acknowledged stays', async () => {
  const topic = `t-${randomUUID()}`
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 6 }] })
  await admin.disconnect()
  const brokers = stack.kafka.brokers.slice()
  for (const i of [0, 2]) {
    await send(topic, ['a', 'b', 'c'])
    await stack.kafka.kill(i)
    await expect(brokersSeenBy(i)).rejects.toThrow('ECONNREFUSED')
    await stack.kafka.kill(i)
    await send(topic, ['while one is down'])
    await stack.kafka.restart(i)
    expect((await brokersSeenBy(i)).sort()).toEqual([1, 2, 3])
    await awaitReplicasInSync(topic)
  }
  expect(stack.kafka.brokers).toEqual(brokers)
  expect(await countRecords(topic)).toBe(8)
})

test('a running broker is restarted cleanly', async () => {
  await stack.kafka.restart(1)
  expect((await brokersSeenBy(1)).sort()).toEqual([1, 2, 3])
  await expect(stack.kafka.restart(3)).rejects.toThrow('There is no broker 3: the cluster has 3')
})
