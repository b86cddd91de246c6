import { createTextProducer } from '@valence/producer-sdk'
import {
  type Consumer,
  createKafka,
  type EachBatchPayload,
  headersOf,
  type Producer,
} from '@valence/producer-sdk/kafka'
import { createSchemaRegistry, defaultTopics, framedPayload, readDeadLetter, readSchemaId } from '@valence/schemas'
import { readDemoInput } from './demo-input.ts'
import { coordinates, type DemoLedger, type DemoScore } from './demo-ledger.ts'

export interface DemoAddresses {
  readonly brokers: string
  readonly registryUrl: string
}

/** A result, with its text if the demo still has it. */
export type OnScore = (score: DemoScore) => void

/** Produces every line of the file; resolves when the broker has acknowledged all of them. */
export async function produceDemo(
  path: string,
  addresses: DemoAddresses,
  onSent: (at: string, text: string) => void,
): Promise<void> {
  const kafka = createKafka({ brokers: addresses.brokers, clientId: 'valence-demo' })
  const texts = createTextProducer({ kafka, schemaRegistryUrl: addresses.registryUrl, topic: defaultTopics.texts })
  const raw = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
  await Promise.all([texts.connect(), raw.connect()])
  const acknowledged: Promise<void>[] = []
  try {
    for await (const record of readDemoInput(path)) {
      const sending = record.kind === 'raw' ? sendRaw(raw, record.bytes) : texts.send(record.event)
      const text = record.kind === 'raw' ? '' : record.event.text
      acknowledged.push(
        Promise.resolve(sending).then(({ partition, offset }) =>
          onSent(coordinates({ topic: defaultTopics.texts, partition, offset }), text),
        ),
      )
      // Bounded: at most some thousand texts are in flight.
      if (acknowledged.length >= 5_000) await Promise.all(acknowledged.splice(0))
    }
    await Promise.all(acknowledged)
  } finally {
    await Promise.allSettled([texts.close(), raw.disconnect()])
  }
}

async function sendRaw(producer: Producer, value: Buffer): Promise<{ partition: number; offset: string }> {
  const [sent] = await producer.send({ topic: defaultTopics.texts, acks: -1, messages: [{ value }] })
  if (sent?.baseOffset === undefined) throw new Error('the broker acknowledged a record without its offset')
  return { partition: sent.partition, offset: sent.baseOffset }
}

/** Reads scores and dead letters, read-committed, until `stop`. */
export async function followDemo(
  addresses: DemoAddresses,
  ledger: DemoLedger,
  onScore: OnScore,
): Promise<{ stop: () => Promise<void> }> {
  const kafka = createKafka({ brokers: addresses.brokers, clientId: 'valence-demo-reader' })
  const registry = createSchemaRegistry({ url: addresses.registryUrl })
  const consumer: Consumer = kafka.consumer({ groupId: 'valence-demo-reader', maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: [defaultTopics.scores, defaultTopics.deadLetters], fromBeginning: true })

  async function readScore(value: Buffer): Promise<void> {
    const id = readSchemaId(value)
    if (id === undefined) throw new Error('a score that is not in the wire format')
    const decode = registry.scores.cached(id) ?? (await registry.scores.load(id))
    const event = decode(framedPayload(value))
    if (event.origin === null) return
    const score = { ...event, at: coordinates(event.origin), truth: event.attributes.label }
    ledger.scored(score)
    onScore(score)
  }

  await consumer.run({
    eachBatch: async ({ batch }: EachBatchPayload) => {
      for (const message of batch.messages) {
        const { key, value } = message
        if (batch.topic === defaultTopics.deadLetters) {
          const letter = readDeadLetter({ key, value, headers: headersOf(message) })
          ledger.deadLettered(coordinates(letter.origin), letter.code)
        } else if (value !== null) await readScore(value)
      }
    },
  })
  return { stop: () => consumer.disconnect() }
}
