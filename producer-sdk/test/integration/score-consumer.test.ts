import { createSchemaRegistry, frame, scoredEventAvro, scoredEventJson, valueSubject } from '@valence/schemas'
import { describe, expect, inject, it } from 'vitest'
import { createScoreConsumer, type ScoreConsumerOptions, type ScoreHandler } from '../../src/index.ts'
import { brokers, createClient, createTopic, uniqueName, withAdmin } from '../support/real-kafka.ts'
import { scoredEvent } from '../support/scored-event.ts'

const schemaRegistryUrl = () => inject('stack').registryUrl
const retry = { retries: 1, initialRetryTime: 50 }

async function write(topic: string, ...values: (Buffer | null)[]): Promise<void> {
  const producer = createClient().producer()
  await producer.connect()
  await producer.send({ topic, messages: values.map((value) => ({ key: 'k', value, partition: 0 })) })
  await producer.disconnect()
}

const json = (id: string) => scoredEventJson.encode(scoredEvent(id))

async function committed(groupId: string, topic: string): Promise<string | undefined> {
  const [fetched] = await withAdmin((admin) => admin.fetchOffsets({ groupId, topics: [topic] }))
  return fetched?.partitions[0]?.offset
}

/** Collects ids until `last` came. */
function collector(last: string) {
  const ids: string[] = []
  const { promise: complete, resolve } = Promise.withResolvers<void>()
  const handler: ScoreHandler = ({ id }) => {
    ids.push(id)
    if (id === last) resolve()
  }
  return { ids, complete, handler }
}

function options(topic: string, groupId: string) {
  return {
    brokers: brokers(),
    topic,
    groupId,
    fromBeginning: true,
    fetchRetry: retry,
  } satisfies Partial<ScoreConsumerOptions>
}

describe('createScoreConsumer on a real broker', () => {
  it('reads Avro and JSON side by side, without what was aborted', async () => {
    const topic = await createTopic()
    const id = await createSchemaRegistry({ url: schemaRegistryUrl() }).registerFor(valueSubject(topic), 'scored-event')
    await write(topic, json('a'), frame(id, scoredEventAvro.encode(scoredEvent('b'))))
    const producer = createClient().producer({ transactionalId: uniqueName('id') })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ value: json('aborted'), partition: 0 }] })
    await transaction.abort()
    await producer.disconnect()
    await write(topic, null, json('c'))

    const { ids, complete, handler } = collector('c')
    const consumer = createScoreConsumer({
      ...options(topic, uniqueName('group')),
      schemaRegistryUrl: schemaRegistryUrl(),
      handler,
    })
    await consumer.start()
    await complete
    await consumer.stop()
    await expect(consumer.done).resolves.toBeUndefined()
    expect(ids).toEqual(['a', 'b', 'c'])
  })

  it('commits what was handled and goes on from there', async () => {
    const topic = await createTopic()
    const groupId = uniqueName('group')
    await write(topic, json('a'), json('b'))
    const first = collector('b')
    const consumer = createScoreConsumer({ ...options(topic, groupId), handler: first.handler })
    await consumer.start()
    await first.complete
    await consumer.stop()
    expect(await committed(groupId, topic)).toBe('2')

    await write(topic, json('c'))
    const second = collector('c')
    const successor = createScoreConsumer({ ...options(topic, groupId), handler: second.handler })
    await successor.start()
    await second.complete
    await successor.stop()
    expect(second.ids).toEqual(['c'])
  })

  it('rejects `done` with what the handler threw, and delivers that event again', async () => {
    const topic = await createTopic()
    const groupId = uniqueName('group')
    await write(topic, json('a'), json('b'), json('c'))
    const cause = new Error('the database is gone')
    const consumer = createScoreConsumer({
      ...options(topic, groupId),
      handler: ({ id }) => {
        if (id === 'b') throw cause
      },
    })
    await consumer.start()
    await expect(consumer.done).rejects.toMatchObject({ code: 'VAL_CONSUMER_HANDLER_FAILED', cause })
    expect(await committed(groupId, topic)).toBe('1')

    const { ids, complete, handler } = collector('c')
    const successor = createScoreConsumer({ ...options(topic, groupId), handler })
    await successor.start()
    await complete
    await successor.stop()
    expect(ids).toEqual(['b', 'c'])
  })

  it('commits nothing by itself where commits are manual', async () => {
    const topic = await createTopic()
    const groupId = uniqueName('group')
    await write(topic, json('a'), json('b'), json('c'))
    const { complete, handler } = collector('c')
    const consumer = createScoreConsumer({
      ...options(topic, groupId),
      commit: 'manual',
      handler: async (event, meta) => {
        if (event.id === 'b') await meta.commit()
        await handler(event, meta)
      },
    })
    await consumer.start()
    await complete
    await consumer.stop()
    expect(await committed(groupId, topic)).toBe('2')
  })

  it('finishes a slow event on stop and commits it', async () => {
    const topic = await createTopic()
    const groupId = uniqueName('group')
    await write(topic, json('a'), json('b'))
    const begun = Promise.withResolvers<void>()
    const slow = Promise.withResolvers<void>()
    const handled: string[] = []
    const consumer = createScoreConsumer({
      ...options(topic, groupId),
      handler: async ({ id }) => {
        begun.resolve()
        await slow.promise
        handled.push(id)
      },
    })
    await consumer.start()
    await begun.promise
    const stopped = consumer.stop()
    slow.resolve()
    await stopped
    expect(handled).toEqual(['a'])
    expect(await committed(groupId, topic)).toBe('1')
  })

  it('rejects `done` with the verdict on a record that is no scored event', async () => {
    const topic = await createTopic()
    await write(topic, Buffer.from('not a score'))
    const consumer = createScoreConsumer({ ...options(topic, uniqueName('group')), handler: () => {} })
    await consumer.start()
    await expect(consumer.done).rejects.toMatchObject({ code: 'VAL_RECORD_JSON_INVALID' })
  })

  it('keeps its place in the group as a static member', async () => {
    const topic = await createTopic()
    const groupId = uniqueName('group')
    const consumer = createScoreConsumer({ ...options(topic, groupId), instanceId: 'one', handler: () => {} })
    await consumer.start()
    await consumer.stop()
    const members = async () => (await withAdmin((admin) => admin.describeGroups([groupId]))).groups[0]?.members.length
    expect(await members()).toBe(1)
    const leaving = createScoreConsumer({ ...options(topic, groupId), instanceId: 'one', handler: () => {} })
    await leaving.start()
    await leaving.stop({ leaveGroup: true })
    expect(await members()).toBe(0)
  })

  it('cannot start without its topic, or without a broker', async () => {
    const noTopic = createScoreConsumer({ ...options(uniqueName('absent'), uniqueName('group')), handler: () => {} })
    await expect(noTopic.start()).rejects.toMatchObject({ code: 'VAL_KAFKA_TOPIC_MISSING' })
    const noBroker = createScoreConsumer({ ...options('any', 'any'), brokers: '127.0.0.1:1', retry, handler: () => {} })
    await expect(noBroker.start()).rejects.toMatchObject({ code: 'VAL_KAFKA_UNREACHABLE' })
  })
})
