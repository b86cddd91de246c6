import { describe, expect, it } from 'vitest'
import { kafkaErrors } from '../../src/kafka/index.ts'
import { createClient, createTopic, uniqueName, withAdmin } from '../support/real-kafka.ts'

describe('7: a committed position that the log no longer has', () => {
  it('ends the consumer and leaves the position as it is', async () => {
    const topic = await createTopic()
    const groupId = uniqueName('group')
    const producer = createClient().producer({ transactionalId: groupId })
    await producer.connect()
    const transaction = await producer.transaction()
    const messages = Array.from({ length: 10 }, (_, index) => ({ value: String(index), partition: 0 }))
    await transaction.send({ topic, messages })
    const topics = [{ topic, partitions: [{ partition: 0, offset: '2' }] }]
    await transaction.sendOffsets({ consumerGroupId: groupId, topics })
    await transaction.commit()
    await producer.disconnect()
    await withAdmin(async (admin) => {
      // Makes kafkajs load the topic's metadata, without which it cannot delete.
      await admin.fetchTopicOffsets(topic)
      await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '5' }] })
    })

    const consumer = createClient().consumer({ groupId, maxWaitTimeInMs: 100 })
    const crash = new Promise<Error>((resolve) => {
      consumer.on('consumer.crash', ({ payload }) => resolve(payload.error))
    })
    const read: string[] = []
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        read.push(String(message.value))
      },
    })
    expect(kafkaErrors.toValenceError(await crash, 'VAL_KAFKA_CONSUMER_CRASHED').code).toBe('VAL_KAFKA_OFFSET_GAP')
    await consumer.disconnect()
    expect(read).toEqual([])
    const [fetched] = await withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }))
    expect(fetched?.partitions).toMatchObject([{ partition: 0, offset: '2' }])
  })
})
