import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { KafkaLink } from '@valence/testing/faults/kafka-link'
import { leaderOf } from '@valence/testing/faults/leadership'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { runScript } from '@valence/testing/kafkajs/run-script'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Admin, createKafka } from '../../src/kafka/index.ts'
import { uniqueName } from '../support/real-kafka.ts'

// Long against what kafkajs needs for its retry, short against its request timeout.
const holdMs = 2_000
const attempts = 4

let stack: LocalStack
let link: KafkaLink
let admin: Admin

beforeAll(async () => {
  stack = await startLocalStack({ parts: ['kafka'], kafkaNodes: 3 })
  link = await KafkaLink.to(stack.kafka.brokers, Math.random)
  admin = createKafka({ brokers: stack.brokers, clientId: 'slow-broker-test' }).admin()
  await admin.connect()
}, 180_000)
afterAll(async () => {
  await admin?.disconnect()
  await link?.close()
  await stack?.stop()
})

/** Two partitions, on two brokers. */
async function createSpreadTopic(): Promise<string> {
  const topic = uniqueName('slow-broker')
  const replicaAssignment = [1, 2].map((broker, partition) => ({ partition, replicas: [broker] }))
  await admin.createTopics({ topics: [{ topic, replicaAssignment }], waitForLeaders: true })
  expect(await Promise.all([leaderOf(admin, topic, 0), leaderOf(admin, topic, 1)])).toEqual([0, 1])
  return topic
}

/** The first request with records is slow, the connection of the second breaks; what readers of committed records see. */
async function sendThroughTrouble(overlay: boolean): Promise<string[]> {
  const topic = await createSpreadTopic()
  const troubles = [link.ambush('Produce', { holdMs }), link.ambush('Produce', 'request lost')]
  const options = { brokers: link.brokers, topic, defect: 'slow-broker', overlay }
  expect(await runScript(new URL('../support/defects.script.ts', import.meta.url), options)).toBe('committed')
  expect(await Promise.all(troubles)).toEqual([true, true])
  const records = await readCommitted(stack.brokers, topic)
  return records.map(({ value }) => value ?? '').sort()
}

async function several(overlay: boolean): Promise<string[][]> {
  const seen: string[][] = []
  for (let attempt = 0; attempt < attempts; attempt += 1) seen.push(await sendThroughTrouble(overlay))
  return seen
}

it('B: a retry overtakes a slow broker: stock kafkajs doubles a record in a committed transaction', async () => {
  const doubled = (await several(false)).filter((values) => values.length > 2)
  // Not each time: the retry may ask the slow broker for metadata, and then waits for it unawares.
  expect(doubled.length).toBeGreaterThan(0)
  for (const values of doubled) expect(new Set(values).size).toBe(2)
})

it('B: ours waits for the slow one, and each record is there once', async () => {
  expect(await several(true)).toEqual(Array.from({ length: attempts }, () => ['of 0', 'of 1']))
})
