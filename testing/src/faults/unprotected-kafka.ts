import { randomUUID } from 'node:crypto'
import {
  createKafka as createProtectedKafka,
  isOverlayInstalled as isOverlayReallyInstalled,
  type Kafka,
  type KafkaOptions,
  loadKafkaJs as loadProtectedKafkaJs,
  type Producer,
  MembershipWatch as ProtectedMembershipWatch,
  type TopicMessages,
  type Transaction,
} from '@valence/producer-sdk/kafka'

/**
 * Stands in for the product's Kafka client in a processor under test, with one of its protections gone. Which one is
 * named by TEST_WITHOUT; `unprotect.preload.ts` puts this module in the place of the real one.
 */
export * from '@valence/producer-sdk/kafka'

const without = process.env.TEST_WITHOUT
const isStock = without === 'overlay' || without === 'overlay and acknowledgements'

export function createKafka(options: KafkaOptions): Kafka {
  const { groupInstanceId: _needsTheOverlay, ...dynamic } = options
  const kafka = createProtectedKafka(isStock ? { ...dynamic, overlay: false } : options)
  const createProducer = kafka.producer.bind(kafka)
  kafka.producer = (config = {}) => {
    if (without === 'fencing') return createProducer(unfenced(config))
    const producer = createProducer(config)
    if (without === 'transactions')
      return publishingAtOnce(producer, createProducer({ idempotent: true, maxInFlightRequests: 1 }))
    if (without === 'overlay and acknowledgements') return believingInAcknowledgements(producer)
    return producer
  }
  return kafka
}

export function loadKafkaJs(): ReturnType<typeof loadProtectedKafkaJs> {
  return loadProtectedKafkaJs(!isStock)
}

/** Without a look at the acknowledgements stock kafkajs is treated as if it were safe: one send for all partitions. */
export function isOverlayInstalled(): boolean {
  return without === 'overlay and acknowledgements' || isOverlayReallyInstalled()
}

/** Once a member, always a member. */
class Trust extends ProtectedMembershipWatch {
  override turn(): undefined {
    return undefined
  }

  override get isMember(): boolean {
    return true
  }
}

export const MembershipWatch = without === 'watch over the membership' ? Trust : ProtectedMembershipWatch

/** Nobody else has this id, so nobody is fenced. */
function unfenced<Config extends { transactionalId?: string }>(config: Config): Config {
  return config.transactionalId === undefined
    ? config
    : { ...config, transactionalId: `${config.transactionalId}.${randomUUID()}` }
}

type Wrapped<Part> = { [Name in keyof Part]?: Part[Name] }

function wrap<Part extends object>(part: Part, own: Wrapped<Part>): Part {
  return new Proxy(part, {
    get(target, name) {
      if (Reflect.has(own, name)) return Reflect.get(own, name)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Offsets are committed in a transaction, but the results are outside of it and seen at once. */
function publishingAtOnce(producer: Producer, plain: Producer): Producer {
  return wrap(producer, {
    connect: async () => void (await Promise.all([producer.connect(), plain.connect()])),
    disconnect: async () => void (await Promise.all([producer.disconnect(), plain.disconnect()])),
    transaction: async () => wrap(await producer.transaction(), { sendBatch: (batch) => plain.sendBatch(batch) }),
  })
}

/** Whatever was sent counts as written. */
function believingInAcknowledgements(producer: Producer): Producer {
  return wrap(producer, {
    transaction: async () => {
      const transaction: Transaction = await producer.transaction()
      return wrap(transaction, {
        async sendBatch(batch) {
          await transaction.sendBatch(batch)
          return (batch.topicMessages ?? []).flatMap(asAcknowledged)
        },
      })
    },
  })
}

function asAcknowledged({ topic, messages }: TopicMessages) {
  return messages.map(({ partition = 0 }) => ({ topicName: topic, partition, errorCode: 0 }))
}
