import { apiKeys, WireTap } from '@valence/testing/kafkajs/wire-tap'
import { createKafka } from '../../src/kafka/index.ts'
import { advanceSequences } from './advance-sequences.ts'

/** Brings one defect about, on stock kafkajs or with the overlay, and prints what happened. */
interface Options {
  readonly brokers: string
  readonly topic: string
  readonly defect: 'missing-partition' | 'slow-broker' | 'lost-end' | 'last-sequence' | 'large-send' | 'large-batch'
  readonly overlay: boolean
}

const { brokers, topic, defect, overlay } = JSON.parse(process.argv[2] ?? '') as Options
const tap = new WireTap()
const retry = { retries: 2, initialRetryTime: 20 }
if (defect === 'last-sequence') advanceSequences(overlay, 2 ** 31 - 3)
const kafka = createKafka({ brokers, clientId: 'defects', overlay, retry })

async function outcomeOf(act: () => Promise<unknown>): Promise<unknown> {
  try {
    return await act()
  } catch (error) {
    return (error as Error).name
  }
}

/** C: a record for a partition that the client does not know of. */
async function missingPartition() {
  const producer = kafka.producer()
  await producer.connect()
  const sent = await outcomeOf(() => producer.send({ topic, messages: [{ value: 'lost', partition: 7 }] }))
  await producer.disconnect()
  return { sent }
}

/** B: a record for each of two brokers in one transaction; the network between is the test's. */
async function slowBroker() {
  const producer = kafka.producer({ transactionalId: topic, retry: { retries: 5, initialRetryTime: 50 } })
  await producer.connect()
  const transaction = await producer.transaction()
  const messages = [0, 1].map((partition) => ({ partition, value: `of ${partition}` }))
  await transaction.send({ topic, messages })
  await transaction.commit()
  await producer.disconnect()
  return 'committed'
}

/** D: the connection breaks under the end of a transaction. */
async function lostEnd() {
  const producer = kafka.producer({ transactionalId: topic, retry })
  await producer.connect()
  const first = await producer.transaction()
  await first.send({ topic, messages: [{ value: 'first' }] })
  tap.cutNext(apiKeys.endTxn)
  const commit = await outcomeOf(() => first.commit())
  const next = await outcomeOf(async () => {
    const second = await producer.transaction()
    await second.send({ topic, messages: [{ value: 'second' }] })
    await second.commit()
    return 'committed'
  })
  await producer.disconnect()
  return { commit: commit ?? 'committed', next }
}

/** E: the third record has the last sequence number there is, so that the fourth begins anew. */
async function lastSequence() {
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, retry })
  await producer.connect()
  const sent = await outcomeOf(async () => {
    for (const batch of [['1', '2'], ['3', '4', '5'], ['6']]) {
      await producer.send({ topic, messages: batch.map((value) => ({ value })) })
    }
    return 'all'
  })
  await producer.disconnect()
  return { sent }
}

/** G1: many records in one send; milliseconds of CPU. */
async function largeSend() {
  const producer = kafka.producer()
  await producer.connect()
  const messages = Array.from({ length: 20_000 }, () => ({ value: 'x', partition: 0 }))
  const before = process.cpuUsage()
  await producer.send({ topic, messages })
  const { user, system } = process.cpuUsage(before)
  await producer.disconnect()
  return { cpuMs: (user + system) / 1_000 }
}

/** J: a batch of very many records. */
async function largeBatch() {
  const consumer = kafka.consumer({ groupId: `${topic}-${overlay}`, maxWaitTimeInMs: 100, retry })
  const { promise: ended, resolve } = Promise.withResolvers<object>()
  consumer.on('consumer.crash', ({ payload }) => resolve({ crash: String(payload.error.message) }))
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({ autoCommit: false, eachBatch: async ({ batch }) => resolve({ records: batch.messages.length }) })
  const result = await ended
  await consumer.disconnect()
  return result
}

const act = {
  'missing-partition': missingPartition,
  'slow-broker': slowBroker,
  'lost-end': lostEnd,
  'last-sequence': lastSequence,
  'large-send': largeSend,
  'large-batch': largeBatch,
}
process.stdout.write(JSON.stringify(await act[defect]()))
process.exit()
