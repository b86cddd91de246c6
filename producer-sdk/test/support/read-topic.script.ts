import { createKafka } from '../../src/kafka/index.ts'

/** Prints the values of a topic's first partition, read-committed, up to and including `last`. */
interface Options {
  readonly brokers: string
  readonly topic: string
  readonly last: string
  readonly overlay: boolean
}

const { brokers, topic, last, overlay } = JSON.parse(process.argv[2] ?? '') as Options
const values: string[] = []
const { promise: finished, resolve: finish } = Promise.withResolvers<void>()

const consumer = createKafka({ brokers, clientId: 'read-topic', overlay }).consumer({
  groupId: `${topic}.${overlay ? 'overlay' : 'stock'}`,
  maxWaitTimeInMs: 100,
})
await consumer.connect()
await consumer.subscribe({ topics: [topic], fromBeginning: true })
await consumer.run({
  autoCommit: false,
  eachMessage: async ({ message }) => {
    const value = String(message.value)
    values.push(value)
    if (value === last) finish()
  },
})
await finished
await consumer.disconnect()
process.stdout.write(JSON.stringify(values))
