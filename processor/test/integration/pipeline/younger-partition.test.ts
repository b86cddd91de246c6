import { createKafka } from '@valence/producer-sdk/kafka'
import { type AcknowledgedText, compareOutput, expectExactlyOnce } from '@valence/testing/counting/invariants'
import { inventTexts, TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { readCommitted, readSettled } from '@valence/testing/kafka/independent-reader'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'

let kafka: TestKafka
const clients: TestKafka[] = []

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllProcessors)
afterAll(() => Promise.all([kafka, ...clients].map((client) => client.close())))

/** Texts over these partitions, by a client that knows all of them: one that was there before would for minutes not. */
async function produceTo(partitions: readonly number[], topics: TestTopics, texts: readonly AcknowledgedText[]) {
  const knowing = await connect()
  const messages = texts.map(({ id, key, text }, at) => ({
    key,
    value: JSON.stringify({ id, text, attributes: { text } }),
    partition: partitions[at % partitions.length] as number,
  }))
  await knowing.send(topics.input, messages)
  return { drained: () => knowing.drained(topics) }
}

/** Closed at the end, with all others. */
async function connect(): Promise<TestKafka> {
  const client = await TestKafka.connect(kafka.brokers)
  clients.push(client)
  return client
}

const widen = (topic: string, count: number) => kafka.admin.createPartitions({ topicPartitions: [{ topic, count }] })
const isReady = ({ adminPort }: ProcessorProcess) => fetch(`http://127.0.0.1:${adminPort}/readyz`).then(({ ok }) => ok)
const isTaken = ({ msg }: { readonly msg?: string }) => msg === 'partition taken'

/** A processor that has a position on all of its first partitions. */
async function startLatest({ environment }: TestTopics, partitions: number): Promise<ProcessorProcess> {
  const processor = await new ProcessorProcess({ ...environment, VALENCE_KAFKA_START: 'latest' }).started()
  await expect.poll(() => processor.log.filter(isTaken).length, { timeout: 30_000 }).toBe(partitions)
  return processor
}

describe('under VALENCE_KAFKA_START=latest', { retry: 0 }, () => {
  it('nothing is lost that comes to a partition added while processors work, or while they are away', async () => {
    const topics = await kafka.createTopics({ partitions: 2 })
    const [before, fresh, added, away] = [0, 1, 2, 3].map((part) => {
      // Each count of partitions has keys of its own: order is promised within those.
      return inventTexts(120)
        .slice(part * 30, part * 30 + 30)
        .map((text) => ({ ...text, key: `${text.key} ${part} ${Number(text.id.slice(3)) % (part + 1)}` }))
    }) as [AcknowledgedText[], AcknowledgedText[], AcknowledgedText[], AcknowledgedText[]]
    await produceTo([0], topics, before)
    const processor = await startLatest(topics, 2)
    await produceTo([1], topics, fresh)
    await widen(topics.input, 3)
    await (await produceTo([2], topics, added)).drained()
    expect(await processor.stop()).toBe(0)
    await widen(topics.input, 4)
    const sent = await produceTo([3], topics, away)
    const successor = await startLatest(topics, 4)
    await sent.drained()
    expect(await successor.stop()).toBe(0)
    const output = await readSettled(kafka.brokers, topics.output, 90)
    expectExactlyOnce(compareOutput([...fresh, ...added, ...away], output))
    expect([...processor.log, ...successor.log].filter(({ code }) => code === 'VAL_KAFKA_POSITION_LOST')).toEqual([])
  })
})

describe('a group whose offsets were deleted', { retry: 0 }, () => {
  it('begins anew and says so for each partition', async () => {
    const topics = await kafka.createTopics({ partitions: 2 })
    await produceTo([0, 1], topics, inventTexts(20))
    const processor = await new ProcessorProcess(topics.environment).started()
    await kafka.drained(topics)
    expect(await processor.stop()).toBe(0)
    await kafka.admin.deleteGroups([topics.groupId])
    const successor = await new ProcessorProcess(topics.environment).started()
    await kafka.drained(topics)
    const lost = successor.log.filter(({ code }) => code === 'VAL_KAFKA_POSITION_LOST')
    expect(lost.map(({ level, partition }) => ({ level, partition }))).toEqual(
      expect.arrayContaining([0, 1].map((partition) => ({ level: 'warn', partition }))),
    )
    expect(await successor.stop()).toBe(0)
    expect(await readCommitted(kafka.brokers, topics.output)).toHaveLength(40)
  })

  it('goes on without loss or repetition where it is still running', async () => {
    const topics = await kafka.createTopics({ partitions: 1 })
    const texts = inventTexts(40)
    const processor = await new ProcessorProcess({
      ...topics.environment,
      VALENCE_KAFKA_START: 'latest',
      VALENCE_KAFKA_SESSION_TIMEOUT_MS: '6000',
    }).started()
    await expect.poll(() => processor.log.filter(isTaken).length, { timeout: 30_000 }).toBe(1)
    await (await produceTo([0], topics, texts.slice(0, 20))).drained()
    processor.signal('SIGSTOP')
    // A group that has members cannot be deleted.
    await expect
      .poll(
        () =>
          kafka.admin.deleteGroups([topics.groupId]).then(
            () => 'deleted',
            () => 'in use',
          ),
        { timeout: 60_000, interval: 500 },
      )
      .toBe('deleted')
    processor.signal('SIGCONT')
    // It joins as a new member, and takes the partition again.
    await expect.poll(() => processor.log.filter(isTaken).length, { timeout: 60_000 }).toBe(2)
    await expect.poll(() => isReady(processor), { timeout: 60_000 }).toBe(true)
    await fence(`${topics.groupId}.${topics.input}.0`)
    await (await produceTo([0], topics, texts.slice(20))).drained()
    expect(await processor.stop()).toBe(0)
    expectExactlyOnce(compareOutput(texts, await readSettled(kafka.brokers, topics.output, 40)))
    const lost = processor.log.filter(({ code }) => code === 'VAL_KAFKA_POSITION_LOST')
    expect(lost.map(({ level, offset }) => ({ level, offset }))).toEqual([{ level: 'warn', offset: '20' }])
  })
})

/** Ends whatever is open under a transactional id, as a later owner does. */
async function fence(transactionalId: string): Promise<void> {
  const producer = createKafka({ brokers: kafka.brokers, clientId: 'intruder' }).producer({
    transactionalId,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  try {
    await (await producer.transaction()).abort()
  } finally {
    await producer.disconnect()
  }
}
