import { runScript } from '@valence/testing/kafkajs/run-script'
import type { TransactionCost } from '@valence/testing/kafkajs/transaction-cost.script'
import { expect, it } from 'vitest'
import { brokers, createTopic } from '../support/real-kafka.ts'

it('a transaction takes half the requests that it takes on stock kafkajs', async () => {
  const [stock, own] = await Promise.all(
    [false, true].map(async (overlay) => {
      const options = { brokers: brokers(), topic: await createTopic(3), partitions: 3, transactions: 30, overlay }
      return runScript<TransactionCost>(
        import.meta.resolve('@valence/testing/kafkajs/transaction-cost.script'),
        options,
      )
    }),
  )
  // AddOffsetsToTxn, TxnOffsetCommit, AddPartitionsToTxn, Produce, EndTxn; now and then one of them is repeated.
  expect(own?.requests).toBeGreaterThanOrEqual(5)
  expect(own?.requests).toBeLessThan(7)
  expect(stock?.requests).toBeGreaterThan(8)
})
