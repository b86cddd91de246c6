import { randomUUID } from 'node:crypto'
import {
  type Admin,
  createKafka,
  loadKafkaJs,
  type Message,
  messageHeaders,
  type Producer,
} from '@valence/producer-sdk/kafka'
import type { RecordHeaders } from '@valence/schemas'
import { awaitLeaders } from '../kafka/await-leaders.ts'
import type { AcknowledgedText } from './invariants.ts'

const openings = ['Honestly', 'Today', 'Once more', 'After the update', 'For the third time', 'On the train', 'At last']
const subjects = ['the service', 'this phone', 'the new season', 'their support', 'my flight', 'that cafe', 'the match']
const verdicts = ['was wonderful', 'let me down', 'arrived on time', 'is broken again', 'made my day', 'cost 12 euros']

/** `count` distinct texts over `keys` keys; the same seed gives the same texts. */
export function inventTexts(count: number, keys = 50): AcknowledgedText[] {
  return Array.from({ length: count }, (_, index) => {
    const pick = (words: readonly string[], step: number) => words[Math.floor(index / step) % words.length]
    const text = `${pick(openings, 1)}, ${pick(subjects, 7)} ${pick(verdicts, 49)} (${index})`
    return { id: `id-${index}`, key: `key-${index % keys}`, text }
  })
}

/** A text as the value of a record; it carries itself in an attribute, so that its result can be told from others. */
export type TextEncoding = (text: AcknowledgedText) => string | Buffer

const toJson: TextEncoding = ({ id, text }) => JSON.stringify({ id, text, attributes: { text } })

/** Topics of one test, under names of its own. */
export interface TestTopics {
  readonly input: string
  readonly output: string
  readonly deadLetters: string
  readonly groupId: string
  /** The settings a processor needs to work on them, JSON out so that any tool can read it. */
  readonly environment: Readonly<Record<string, string>>
}

/** A client for what tests do to the broker beside the processor: topics, input, offsets. */
export class TestKafka {
  readonly brokers: string
  readonly admin: Admin
  readonly #producer: Producer

  private constructor(brokers: string, admin: Admin, producer: Producer) {
    this.brokers = brokers
    this.admin = admin
    this.#producer = producer
  }

  static async connect(brokers: string): Promise<TestKafka> {
    const kafka = createKafka({ brokers, clientId: 'valence-test', retry: { retries: 20, maxRetryTime: 2_000 } })
    const admin = kafka.admin()
    const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1 })
    await Promise.all([admin.connect(), producer.connect()])
    return new TestKafka(brokers, admin, producer)
  }

  async createTopics(options: { partitions?: number; replication?: number } = {}): Promise<TestTopics> {
    const name = `t${randomUUID().slice(0, 8)}`
    const topics = { input: `${name}.texts`, output: `${name}.scores`, deadLetters: `${name}.dead-letters` }
    await this.admin.createTopics({
      waitForLeaders: false,
      topics: Object.values(topics).map((topic) => ({
        topic,
        numPartitions: options.partitions ?? 6,
        replicationFactor: options.replication ?? 1,
        // Three brokers ask for two replicas by default, which a topic with one could never have.
        ...(options.replication === 1 && { configEntries: [{ name: 'min.insync.replicas', value: '1' }] }),
      })),
    })
    await awaitLeaders(this.admin, Object.values(topics))
    const environment = {
      VALENCE_KAFKA_BROKERS: this.brokers,
      VALENCE_KAFKA_GROUP_ID: name,
      VALENCE_INPUT_TOPICS: topics.input,
      VALENCE_OUTPUT_TOPIC: topics.output,
      VALENCE_DEAD_LETTER_TOPIC: topics.deadLetters,
      VALENCE_OUTPUT_FORMAT: 'json',
    }
    return { ...topics, groupId: name, environment }
  }

  /** Sets settings of a topic, and resolves when its leader goes by them. */
  async configure(topic: string, settings: Readonly<Record<string, string>>): Promise<void> {
    const type = loadKafkaJs().ConfigResourceTypes.TOPIC
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
    await this.admin.alterConfigs({ validateOnly: false, resources: [{ type, name: topic, configEntries }] })
    for (;;) {
      const { resources } = await this.admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type, name: topic }],
      })
      const found = new Map(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]))
      if (Object.entries(settings).every(([name, value]) => found.get(name) === value)) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** Produces texts, and resolves when the broker acknowledged all of them. */
  async produce(topic: string, texts: readonly AcknowledgedText[], encode: TextEncoding = toJson): Promise<void> {
    for (let at = 0; at < texts.length; at += 1_000) {
      await this.#producer.send({
        topic,
        acks: -1,
        messages: texts.slice(at, at + 1_000).map((text) => ({ key: text.key, value: encode(text) })),
      })
    }
  }

  async produceRaw(
    topic: string,
    values: readonly (string | Buffer | null)[],
    headers: RecordHeaders = [],
  ): Promise<void> {
    const messages = values.map((value) => ({ value, headers: messageHeaders(headers) }))
    await this.send(topic, messages)
  }

  /** Sends messages as they are, in one request for each broker. */
  async send(topic: string, messages: Message[]): Promise<void> {
    await this.#producer.send({ topic, acks: -1, messages })
  }

  /** Records that the group has not committed yet. */
  async remaining({ groupId, input }: TestTopics): Promise<number> {
    const [ends, positions] = await Promise.all([
      this.admin.fetchTopicOffsets(input),
      this.admin.fetchOffsets({ groupId, topics: [input] }),
    ])
    const committed = new Map(positions[0]?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
    return ends.reduce((sum, { partition, high }) => sum + Number(high) - Math.max(0, committed.get(partition) ?? 0), 0)
  }

  /** Resolves when the group has committed everything; rejects when it stays still for `stillMs`. */
  async drained(topics: TestTopics, stillMs = 60_000): Promise<void> {
    let last = Number.POSITIVE_INFINITY
    let movedAt = Date.now()
    for (;;) {
      const remaining = await this.remaining(topics).catch(() => last)
      if (remaining === 0) return
      if (remaining !== last) movedAt = Date.now()
      if (Date.now() - movedAt > stillMs) throw new Error(`${remaining} records remain and nothing moves`)
      last = remaining
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** Produces texts, a thousand at a time and never far ahead of the group, until `enough`; returns those produced. */
  async feed(
    topics: TestTopics,
    texts: readonly AcknowledgedText[],
    enough: () => boolean,
  ): Promise<AcknowledgedText[]> {
    let sent = 0
    while (sent < texts.length && !enough()) {
      if ((await this.remaining(topics).catch(() => Number.POSITIVE_INFINITY)) < 2_000) {
        await this.produce(topics.input, texts.slice(sent, sent + 1_000))
        sent += 1_000
      } else await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await this.drained(topics)
    return texts.slice(0, sent)
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.admin.disconnect(), this.#producer.disconnect()])
  }
}
