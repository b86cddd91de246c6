import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createTextProducer } from '../../src/index.ts'
import { createKafka, fetchStableOffsets, type Producer } from '../../src/kafka/index.ts'

const partitions = 6
const keys = 50

let stack: LocalStack

beforeAll(async () => {
  stack = await startLocalStack({ parts: ['kafka'], kafkaNodes: 3 })
}, 180_000)
afterAll(() => stack?.stop())

async function createTopic(): Promise<string> {
  const topic = `producer-sdk.faults.${randomUUID()}`
  const admin = createKafka({ brokers: stack.brokers, clientId: 'test' }).admin()
  await admin.connect()
  const configEntries = [{ name: 'min.insync.replicas', value: '2' }]
  const topics = [{ topic, numPartitions: partitions, replicationFactor: 3, configEntries }]
  await admin.createTopics({ topics, waitForLeaders: true })
  await admin.disconnect()
  return topic
}

/** Each kill hits a cluster at work: `progress` has grown by `step` since the last one. */
async function killEachBrokerInTurn(progress: () => number, step: number): Promise<void> {
  for (const broker of stack.kafka.brokers.keys()) {
    const before = progress()
    await expect.poll(progress, { timeout: 60_000 }).toBeGreaterThan(before + step)
    await stack.kafka.kill(broker)
    await delay(2_000)
    await stack.kafka.restart(broker)
  }
}

it('a text that was acknowledged is written once and in order, although each broker is killed in turn', async () => {
  const topic = await createTopic()
  const producer = createTextProducer({ brokers: stack.brokers, topic, batchMaxRecords: 200 })
  const killing = new AbortController()
  let sent = 0
  function* texts() {
    while (!killing.signal.aborted) {
      sent += 1
      yield { id: String(sent), text: `text ${sent}` }
    }
  }
  let acknowledged = 0
  const sending = producer.sendAll(texts(), {
    optionsFor: ({ id }) => ({ key: String(Number(id) % keys) }),
    onSent: () => {
      acknowledged += 1
    },
  })
  await killEachBrokerInTurn(() => acknowledged, 5_000)
  killing.abort()
  await expect(sending).resolves.toBe(sent)
  await producer.close()

  const ids = new Map<string, number[]>()
  for (const { key, value } of await readCommitted(stack.brokers, topic)) {
    ids.set(key ?? '', [...(ids.get(key ?? '') ?? []), Number(JSON.parse(value ?? '').id)])
  }
  const written = [...ids.values()].flat()
  expect(written).toHaveLength(sent)
  expect(new Set(written).size).toBe(sent)
  for (const own of ids.values()) expect(own).toEqual([...own].sort((a, b) => a - b))
  process.stdout.write(`broker loss: ${sent} texts acknowledged, 3 brokers killed, 0 lost, 0 doubled\n`)
})

/** Rounds of records in transactions, each with its number as the group's offset: after a failure that tells whether it counts. */
class Rounds {
  rebuilds = 0
  readonly #topic: string
  readonly #group = `group.${randomUUID()}`
  #producer: Producer | undefined

  constructor(topic: string) {
    this.#topic = topic
  }

  async run(round: number): Promise<void> {
    for (;;) {
      try {
        await this.#attempt(round)
        return
      } catch {
        this.rebuilds += 1
        await this.close()
        if (await this.#isCommitted(round)) return
      }
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.disconnect()
  }

  async #attempt(round: number): Promise<void> {
    const producer = await this.#connected()
    const transaction = await producer.transaction()
    const topics = [{ topic: this.#topic, partitions: [{ partition: 0, offset: String(round) }] }]
    await transaction.sendOffsets({ consumerGroupId: this.#group, topics })
    const messages = Array.from({ length: 60 }, (_, index) => ({
      value: `${round}-${index}`,
      partition: index % partitions,
    }))
    await transaction.send({ topic: this.#topic, messages })
    await transaction.commit()
  }

  async #connected(): Promise<Producer> {
    if (this.#producer) return this.#producer
    const kafka = createKafka({ brokers: stack.brokers, clientId: 'rounds' })
    const producer = kafka.producer({ transactionalId: this.#group, transactionTimeout: 30_000 })
    await producer.connect()
    this.#producer = producer
    return producer
  }

  /** Asked once the next producer has ended whatever this one left open. */
  async #isCommitted(round: number): Promise<boolean> {
    const admin = createKafka({ brokers: stack.brokers, clientId: 'rounds' }).admin()
    try {
      await (await (await this.#connected()).transaction()).abort()
      await admin.connect()
      const read = await fetchStableOffsets(admin, { groupId: this.#group, topic: this.#topic, partitions: [0] })
      return read.get(0)?.offset === BigInt(round)
    } catch {
      await this.close()
      return this.#isCommitted(round)
    } finally {
      await admin.disconnect()
    }
  }
}

it('transactions are all or nothing although each broker is killed in turn', async () => {
  const topic = await createTopic()
  const rounds = new Rounds(topic)
  let round = 0
  let isOver = false
  const running = (async () => {
    while (!isOver) await rounds.run(++round)
  })()
  await killEachBrokerInTurn(() => round, 30)
  isOver = true
  await running
  await rounds.close()
  const values = (await readCommitted(stack.brokers, topic)).map(({ value }) => value)
  expect(new Set(values).size).toBe(round * 60)
  expect(values).toHaveLength(round * 60)
  process.stdout.write(`broker loss: ${round} transactions, 3 brokers killed, ${rounds.rebuilds} producers rebuilt\n`)
})
