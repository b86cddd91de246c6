import { createSchemaRegistry, framedPayload, readSchemaId, textEventJson } from '@valence/schemas'
import { describe, expect, inject, it } from 'vitest'
import { createTextProducer, type SentText, type TextInput } from '../../src/index.ts'
import { brokers, createClient, createTopic, readTopic, uniqueName } from '../support/real-kafka.ts'

const schemaRegistryUrl = () => inject('stack').registryUrl

/** Values as bytes: kcat prints text. */
async function readRaw(topic: string, count: number): Promise<Buffer[]> {
  const consumer = createClient().consumer({ groupId: uniqueName('group'), maxWaitTimeInMs: 100 })
  const values: Buffer[] = []
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message: { value } }) => {
      if (values.push(Buffer.from(value ?? '')) === count) finish()
    },
  })
  await finished
  await consumer.disconnect()
  return values
}

describe('createTextProducer on a real broker', () => {
  it('reports where each record really is, and keeps the order of each key', async () => {
    const topic = await createTopic(3)
    const producer = createTextProducer({ brokers: brokers(), topic })
    const texts = Array.from({ length: 3_000 }, (_, index) => ({ id: String(index), text: `text ${index}` }))
    const sent: SentText[] = await Promise.all(
      texts.map((event) => producer.send(event, { key: `key-${Number(event.id) % 7}` })),
    )
    await producer.close()

    const records = await readTopic(topic)
    expect(records).toHaveLength(texts.length)
    const byPlace = new Map(records.map((record) => [`${record.partition}/${record.offset}`, record]))
    for (const { id, partition, offset } of sent) {
      expect(textEventJson.parse(JSON.parse(byPlace.get(`${partition}/${offset}`)?.value ?? '')).id).toBe(id)
    }
    for (const key of new Set(records.map((record) => record.key))) {
      const ids = records.filter((record) => record.key === key).map(({ value }) => Number(JSON.parse(value ?? '').id))
      expect(ids).toEqual([...ids].sort((a, b) => a - b))
    }
  })

  it('writes Avro with the registered schema, headers and key', async () => {
    const topic = await createTopic()
    const producer = createTextProducer({ brokers: brokers(), topic, schemaRegistryUrl: schemaRegistryUrl() })
    const event: TextInput = { id: 'a', text: 'très bien 👍', source: 'test', lang: 'fr', attributes: { author: '7' } }
    await producer.send(event, { key: 'k', headers: { traceparent: '00-1-2-01' } })
    await producer.close()

    const [record] = await readTopic(topic)
    expect(record).toMatchObject({ key: 'k', headers: { traceparent: '00-1-2-01' } })
    const [value = Buffer.alloc(0)] = await readRaw(topic, 1)
    const decode = await createSchemaRegistry({ url: schemaRegistryUrl() }).load(readSchemaId(value) ?? -1)
    expect(decode(framedPayload(value))).toMatchObject(event)
  })

  it('rejects only the record that the broker finds too large', async () => {
    const topic = await createTopic()
    const producer = createTextProducer({
      brokers: brokers(),
      topic,
      compression: 'none',
      lingerMs: 50,
      batchMaxBytes: 4_000_000,
    })
    await producer.connect()
    const attributes = { noise: 'x'.repeat(1_200_000) }
    const outcomes = await Promise.allSettled(
      Array.from({ length: 9 }, (_, index) =>
        producer.send({ id: String(index), text: 'text', ...(index === 4 ? { attributes } : {}) }),
      ),
    )
    await producer.close()
    expect(outcomes.map(({ status }) => status === 'fulfilled')).toEqual([...'111101111'].map((flag) => flag === '1'))
    expect(outcomes[4]).toMatchObject({ reason: { code: 'VAL_RECORD_TOO_LARGE_TO_PUBLISH' } })
    expect((await readTopic(topic)).map(({ value }) => JSON.parse(value ?? '').id).join('')).toBe('01235678')
  })

  it('holds no more than its buffer while it sends a long file', async () => {
    const topic = await createTopic(3)
    const producer = createTextProducer({ brokers: brokers(), topic, maxBufferedBytes: 200_000 })
    let read = 0
    let acknowledged = 0
    let widest = 0
    function* file() {
      for (; read < 20_000; read += 1) {
        widest = Math.max(widest, read - acknowledged)
        yield { text: `line ${read}` }
      }
    }
    const onSent = () => {
      acknowledged += 1
    }
    await expect(producer.sendAll(file(), { onSent })).resolves.toBe(20_000)
    await producer.close()
    // A record takes more than 100 bytes here.
    expect(widest).toBeLessThan(2_200)
    expect(await readTopic(topic)).toHaveLength(20_000)
  })

  it('says what is missing: the topic, the broker, the registry', async () => {
    const retry = { retries: 1, initialRetryTime: 50 }
    const absent = createTextProducer({ brokers: brokers(), topic: uniqueName('absent'), deliveryRetry: retry })
    await expect(absent.send({ text: 'x' })).rejects.toMatchObject({ code: 'VAL_KAFKA_TOPIC_MISSING' })
    await absent.close()
    const unreachable = createTextProducer({ brokers: '127.0.0.1:1', retry, deliveryRetry: retry })
    await expect(unreachable.send({ text: 'x' })).rejects.toMatchObject({ code: 'VAL_KAFKA_UNREACHABLE' })
    await unreachable.close()
    const unregistered = createTextProducer({ brokers: brokers(), schemaRegistryUrl: 'http://127.0.0.1:1' })
    await expect(unregistered.send({ text: 'x' })).rejects.toMatchObject({ code: 'VAL_REGISTRY_UNAVAILABLE' })
    await unregistered.close()
  })
})
