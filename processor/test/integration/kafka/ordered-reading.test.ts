import { createKafka } from '@valence/producer-sdk/kafka'
import { TestKafka } from '@valence/testing/counting/workload'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { createKafkaRecordSource } from '../../../src/kafka/kafka-record-source.ts'
import { startOrderedReading } from '../../../src/kafka/ordered-reading.ts'
import { silentLogger } from '../../../src/observability/logger.ts'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterAll(() => kafka.close())

it('a reading that is led astray again and again reads every record once, in order', async () => {
  const { input, groupId } = await kafka.createTopics({ partitions: 1 })
  const partition = { topic: input, partition: 0 }
  const count = 400
  const values = Array.from({ length: count }, (_, index) => `${index}`.padEnd(4_000, '.'))
  for (let at = 0; at < count; at += 50) await kafka.produceRaw(input, values.slice(at, at + 50))
  const source = createKafkaRecordSource({
    kafka: createKafka({ brokers: kafka.brokers, clientId: 'reading-test' }),
    groupId,
    topics: [input],
    sessionTimeoutMs: 6_000,
    fromBeginning: true,
    logger: silentLogger,
  })
  const read: number[] = []
  const done = Promise.withResolvers<void>()
  let position = 0n
  let batches = 0
  await startOrderedReading({
    source,
    positionOf: () => position,
    onBatch: async (batch) => {
      read.push(...batch.records.map(({ offset }) => Number(offset)))
      position = batch.nextOffset
      batches += 1
      // What kafkajs does by itself after a join, when it believes more to be done than is.
      if (batches % 2 === 1) queueMicrotask(() => source.seek(partition, position + 37n))
      if (position === BigInt(count)) done.resolve()
    },
    onFatal: done.reject,
  })
  await done.promise
  await source.stop({ leaveGroup: true })
  expect(batches).toBeGreaterThan(3)
  expect(read).toEqual(values.map((_, index) => index))
})
