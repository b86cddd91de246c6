import { expect, it } from 'vitest'
import { fetchTopic, topicIdOf } from '../../src/kafka/index.ts'
import { createClient, createTopic, uniqueName, withAdmin } from '../support/real-kafka.ts'

it('a topic and what is read of it have an id, another one once it is created again', async () => {
  const topic = await createTopic()
  const ids: (string | undefined)[] = []
  const consumer = createClient({ topicIds: true }).consumer({ groupId: uniqueName('group'), maxWaitTimeInMs: 100 })
  const producer = createClient().producer()
  await producer.connect()
  await producer.send({ topic, messages: [{ value: 'one' }] })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({ eachBatch: async ({ batch }) => void ids.push(topicIdOf(batch)) })
  const { id: before, partitions } = await withAdmin((admin) => fetchTopic(admin, topic))
  expect(partitions).toBe(1)
  expect(before).toMatch(/^[\w-]{22}$/)
  await expect.poll(() => ids[0], { timeout: 10_000 }).toBe(before)
  await Promise.all([consumer.disconnect(), producer.disconnect()])
  await withAdmin(async (admin) => {
    await admin.deleteTopics({ topics: [topic] })
    const create = () => admin.createTopics({ topics: [{ topic }], waitForLeaders: true }).catch(() => false)
    await expect.poll(create, { timeout: 10_000 }).toBe(true)
    expect((await fetchTopic(admin, topic)).id).not.toBe(before)
  })
})
