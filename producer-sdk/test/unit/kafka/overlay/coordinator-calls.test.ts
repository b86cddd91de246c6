import { expect, it } from 'vitest'
import { CoordinatorCalls, coordinatorTypes } from '../../../../src/kafka/overlay/coordinator-calls.ts'
import { FakeKafka, refusal } from '../../../support/fake-kafka.ts'
import { internals, silentLogger } from '../../../support/stock-kafkajs.ts'

const unknownTopic = 3
const coordinator = { id: 'id', type: coordinatorTypes.transaction }

function addPartition(fake: FakeKafka): Promise<unknown> {
  const options = { cluster: fake.cluster, logger: silentLogger, budgetMs: 20_000, missingTopicMs: 200 }
  const fields = { transactionalId: 'id', producerId: 1, producerEpoch: 0, topics: [] }
  return new CoordinatorCalls(internals, options).call(coordinator, 'AddPartitionsToTxn', fields)
}

it('waits for a topic that the coordinator does not know yet', async () => {
  const fake = new FakeKafka([1])
  fake.fail(1, 'AddPartitionsToTxn', refusal(unknownTopic))
  await addPartition(fake)
  expect(fake.count('AddPartitionsToTxn')).toBe(2)
})

it('says that a topic is missing long before the budget for a busy coordinator is spent', async () => {
  const fake = new FakeKafka([1])
  fake.fail(1, 'AddPartitionsToTxn', ...Array.from({ length: 50 }, () => refusal(unknownTopic)))
  await expect(addPartition(fake)).rejects.toMatchObject({
    retriable: false,
    cause: { type: 'UNKNOWN_TOPIC_OR_PARTITION' },
  })
})
