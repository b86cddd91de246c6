import { execFile } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type CompressionName, compressionTypes } from '../../src/kafka/index.ts'
import { brokers, createClient, createTopic, readValues, uniqueName } from '../support/real-kafka.ts'

const names = Object.keys(compressionTypes) as CompressionName[]
const values = Array.from({ length: 500 }, (_, index) => `record ${index} of a batch that compresses well`)

function produceWithKcat(topic: string, codec: CompressionName): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ['-P', '-b', brokers(), '-t', topic, '-p', '0', '-z', codec]
    const child = execFile('kcat', args, (error) => (error ? reject(error) : resolve()))
    child.stdin?.end(values.join('\n'))
  })
}

/** By our own client, until as many records came as were written. */
async function readWithClient(topic: string): Promise<string[]> {
  const consumer = createClient().consumer({ groupId: uniqueName('group'), maxWaitTimeInMs: 100 })
  const read: string[] = []
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
  await consumer.connect()
  await consumer.subscribe({ topics: [topic], fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      read.push(String(message.value))
      if (read.length === values.length) finish()
    },
  })
  await finished
  await consumer.disconnect()
  return read
}

describe.each(names)('compression %s', (name) => {
  it('is read by another client', async () => {
    const topic = await createTopic()
    const producer = createClient().producer()
    await producer.connect()
    await producer.send({
      topic,
      compression: compressionTypes[name],
      messages: values.map((value) => ({ value, partition: 0 })),
    })
    await producer.disconnect()
    expect(await readValues(topic)).toEqual(values)
  })

  it('is read from another client', async () => {
    const topic = await createTopic()
    await produceWithKcat(topic, name)
    expect(await readWithClient(topic)).toEqual(values)
  })
})
