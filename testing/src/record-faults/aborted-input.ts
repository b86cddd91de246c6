import { createKafka } from '@valence/producer-sdk/kafka'
import { expect } from 'vitest'
import type { AcknowledgedText } from '../counting/invariants.ts'
import { inventTexts, type TestKafka } from '../counting/workload.ts'
import { ProcessorProcess } from '../processes/processor-process.ts'
import { outcomeOf, type RecordFaultOutcome } from './outcome.ts'

const writers = 3
const textsPerTransaction = 20

/**
 * Several writers with overlapping transactions in every partition, each second one aborted; each log ends with an
 * aborted transaction and its marker. Only what was committed may be scored, and the group must come to the very end.
 */
export async function abortedInput(kafka: TestKafka, transactions: number): Promise<RecordFaultOutcome> {
  const startedAt = Date.now()
  const partitions = 3
  const topics = await kafka.createTopics({ partitions })
  const client = createKafka({ brokers: kafka.brokers, clientId: 'aborting-writers' })
  const producers = await Promise.all(
    Array.from({ length: writers }, async (_, index) => {
      const producer = client.producer({ transactionalId: `${topics.groupId}-writer-${index}`, maxInFlightRequests: 1 })
      await producer.connect()
      return producer
    }),
  )
  const processor = await new ProcessorProcess(topics.environment).started()
  const texts = inventTexts(transactions * textsPerTransaction)
  const committed: AcknowledgedText[] = []
  for (let round = 0; round < transactions; round += writers) {
    // Begun in one order and ended in the other, so that their records and markers interleave.
    const open = await Promise.all(producers.map((producer) => producer.transaction()))
    for (const [index, transaction] of open.entries()) {
      const at = (round + index) * textsPerTransaction
      const own = texts.slice(at, at + textsPerTransaction)
      const messages = own.map(({ id, key, text }) => ({
        key,
        value: JSON.stringify({ id, text, attributes: { text } }),
        partition: Number(key.slice('key-'.length)) % partitions,
      }))
      await transaction.send({ topic: topics.input, messages })
      if (index % 2 === 0) committed.push(...own)
    }
    for (const [index, transaction] of [...open.entries()].toReversed()) {
      await (index % 2 === 0 ? transaction.commit() : transaction.abort())
    }
  }
  const last = await producers[0]?.transaction()
  const never = Array.from({ length: partitions }, (_, partition) => ({ value: 'never committed', partition }))
  await last?.send({ topic: topics.input, messages: never })
  await last?.abort()
  await Promise.all(producers.map((producer) => producer.disconnect()))
  await kafka.drained(topics)
  const aborted = Math.ceil(transactions / writers) + 1
  const outcome = await outcomeOf(kafka, topics, {
    fault: 'aborted transactions and markers at the end of the input',
    injected: aborted,
    startedAt,
    scored: committed,
  })
  expect(await processor.stop()).toBe(0)
  return outcome
}
