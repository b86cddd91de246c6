import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type ReadRecord, readCommitted } from '@valence/testing/kafka/independent-reader'
import { inject } from 'vitest'
import { type Admin, createKafka, type Kafka, type KafkaOptions, kafkaErrors } from '../../src/kafka/index.ts'

export function brokers(): string {
  return inject('stack').brokers
}

export function createClient(options: Partial<KafkaOptions> = {}): Kafka {
  return createKafka({ brokers: brokers(), clientId: 'producer-sdk-test', ...options })
}

/** A name that no other test has. */
export function uniqueName(kind: string): string {
  return `producer-sdk.${kind}.${randomUUID()}`
}

export async function withAdmin<Result>(use: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = createClient().admin()
  await admin.connect()
  try {
    return await use(admin)
  } finally {
    await admin.disconnect()
  }
}

export async function createTopic(partitions = 1): Promise<string> {
  const topic = uniqueName('topic')
  await withAdmin(async (admin) => {
    await admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false })
    // A broker that creates its internal topics tells of others late, and kafkajs waits for leaders only.
    while ((await ledPartitions(admin, topic)) < partitions) await delay(20)
  })
  return topic
}

async function ledPartitions(admin: Admin, topic: string): Promise<number> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    return topics.flatMap((own) => own.partitions).filter(({ leader }) => leader >= 0).length
  } catch (error) {
    if (kafkaErrors.classify(error).fault !== 'topic-missing') throw error
    return 0
  }
}

/** By an independent client, read-committed. */
export function readTopic(topic: string): Promise<ReadRecord[]> {
  return readCommitted(brokers(), topic)
}

export async function readValues(topic: string): Promise<(string | null)[]> {
  return (await readTopic(topic)).map(({ value }) => value)
}
