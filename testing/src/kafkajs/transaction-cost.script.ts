import { createKafka } from '@valence/producer-sdk/kafka'
import { WireTap } from './wire-tap.ts'

/** Prints what transactions cost that do what a processor does: one offset, records for several partitions. */
interface Options {
  readonly brokers: string
  readonly topic: string
  readonly partitions: number
  readonly transactions: number
  readonly overlay: boolean
}

export interface TransactionCost {
  readonly requests: number
  readonly perSecond: number
  readonly cpuMs: number
}

const { brokers, topic, partitions, transactions, overlay } = JSON.parse(process.argv[2] ?? '') as Options
const tap = new WireTap()
const producer = createKafka({ brokers, clientId: 'cost', overlay }).producer({
  transactionalId: `${topic}-${overlay}`,
  maxInFlightRequests: 1,
  retry: { retries: 20, initialRetryTime: 20 },
})
await producer.connect()

async function transact(offset: number): Promise<void> {
  const transaction = await producer.transaction()
  const topics = [{ topic, partitions: [{ partition: 0, offset: String(offset) }] }]
  // As the port does on stock kafkajs, which gives up where the markers of the last transaction are being written.
  for (let isSent = false; !isSent; ) {
    isSent = await transaction.sendOffsets({ consumerGroupId: topic, topics }).then(
      () => true,
      () => false,
    )
    if (!isSent) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const messages = Array.from({ length: partitions }, (_, partition) => ({ value: 'x', partition }))
  await transaction.send({ topic, messages })
  await transaction.commit()
}

for (let warmUp = 0; warmUp < 10; warmUp += 1) await transact(warmUp)
const before = { requests: tap.count, at: performance.now(), cpu: process.cpuUsage() }
for (let number = 0; number < transactions; number += 1) await transact(number)
const seconds = (performance.now() - before.at) / 1_000
const { user, system } = process.cpuUsage(before.cpu)
const cost: TransactionCost = {
  requests: (tap.count - before.requests) / transactions,
  perSecond: transactions / seconds,
  cpuMs: (user + system) / 1_000 / transactions,
}
await producer.disconnect()
process.stdout.write(JSON.stringify(cost))
process.exit()
