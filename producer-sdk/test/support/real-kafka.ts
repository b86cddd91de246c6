import { randomUUID } from 'node:crypto'
import { awaitLeaders } from '@valence/testing/kafka/await-leaders'
import { type ReadRecord, readCommitted } from '@valence/testing/kafka/independent-reader'
import { inject } from 'vitest'
import { type Admin, createKafka, type Kafka, type KafkaOptions } from '../../src/kafka/index.ts'

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
    await awaitLeaders(admin, [topic])
  })
  return topic
}

/** By an independent client, read-committed. */
export function readTopic(topic: string): Promise<ReadRecord[]> {
  return readCommitted(brokers(), topic)
}

export async function readValues(topic: string): Promise<(string | null)[]> {
  return (await readTopic(topic)).map(({ value }) => value)
}
