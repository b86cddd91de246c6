import { createKafka } from '@valence/producer-sdk/kafka'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { createKafkaRecordSource } from '../../../src/kafka/kafka-record-source.ts'
import type { RecordBatch } from '../../../src/kafka/record.ts'
import type { RecordSource } from '../../../src/kafka/record-source.ts'
import type { TopicPartition } from '../../../src/kafka/topic-partition.ts'
import { silentLogger } from '../../../src/observability/logger.ts'

let kafka: TestKafka
let topics: TestTopics
let first: TopicPartition
const open: RecordSource[] = []

/** A source with what it told its reader. */
async function startSource(
  topic: string,
  groupId: string,
  isBehind = () => false,
  onBatch: (batch: RecordBatch) => void = () => undefined,
) {
  const { brokers } = inject('stack')
  const source = createKafkaRecordSource({
    kafka: createKafka({ brokers, clientId: 'source-test' }),
    groupId,
    topics: [topic],
    sessionTimeoutMs: 6_000,
    fromBeginning: true,
    logger: silentLogger,
  })
  open.push(source)
  const assignments: (readonly TopicPartition[])[] = []
  const batches: RecordBatch[] = []
  const arrivals: number[] = []
  const failures: Error[] = []
  await source.start({
    onAssigned: ({ partitions }) => assignments.push(partitions),
    onBatch: (batch) => {
      arrivals.push(performance.now())
      batches.push(batch)
      onBatch(batch)
    },
    isBehind,
    onUnreadable: (_partition, error) => failures.push(error),
    onFatal: (error) => failures.push(error),
  })
  return { source, assignments, batches, arrivals, failures }
}

const offsets = (batches: readonly RecordBatch[]) =>
  batches.flatMap(({ records }) => records.map(({ offset }) => Number(offset)))
const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 20 })

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
beforeEach(async () => {
  topics = await kafka.createTopics({ partitions: 1 })
  first = { topic: topics.input, partition: 0 }
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((source) => source.stop({ leaveGroup: true })))
})
afterAll(() => kafka.close())

describe('the record source', () => {
  it('delivers nothing of a new partition before it is told where to begin', async () => {
    await kafka.produceRaw(topics.input, ['a', 'b', 'c', 'd'])
    const { source, assignments, batches } = await startSource(topics.input, topics.groupId)
    expect(assignments).toEqual([[first]])
    // A heartbeat goes out after a round of fetches.
    expect(await source.confirmOwnership(first)).toBe(true)
    expect(batches).toEqual([])
    source.seek(first, 2n)
    source.resume(first)
    await until(() => expect(offsets(batches)).toEqual([2, 3]))
    expect(batches[0]).toMatchObject({ ...first, fetchedOffset: 2n, nextOffset: 4n, highWatermark: 4n })
    expect(batches[0]?.records[0]).toMatchObject({ value: Buffer.from('c'), key: null })
  })

  it('fetches at leisure where records wait anyway', async () => {
    const { source, batches, arrivals } = await startSource(topics.input, topics.groupId, () => true)
    source.seek(first, 0n)
    source.resume(first)
    const count = 40
    for (let record = 0; record < count; record += 1) await kafka.produceRaw(topics.input, [String(record)])
    await until(() => expect(offsets(batches)).toHaveLength(count))
    const gaps = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? 0))
    // A timer may fire a millisecond early.
    expect(Math.min(...gaps)).toBeGreaterThan(17)
  })

  it('pauses, resumes where it was, and goes back when told', async () => {
    await kafka.produceRaw(topics.input, ['a', 'b'])
    const { source, batches } = await startSource(topics.input, topics.groupId)
    source.seek(first, 0n)
    source.resume(first)
    await until(() => expect(offsets(batches)).toEqual([0, 1]))
    source.pause(first)
    await kafka.produceRaw(topics.input, ['c'])
    expect(await source.confirmOwnership(first)).toBe(true)
    expect(offsets(batches)).toEqual([0, 1])
    source.resume(first)
    await until(() => expect(offsets(batches)).toEqual([0, 1, 2]))
    source.seek(first, 1n)
    await until(() => expect(offsets(batches)).toEqual([0, 1, 2, 1, 2]))
  })

  it('moves past aborted and control records and says so', async () => {
    const producer = createKafka({ brokers: kafka.brokers, clientId: 'aborting' }).producer({
      transactionalId: `${topics.groupId}-input`,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    const committed = await producer.transaction()
    await committed.send({ topic: topics.input, messages: [{ value: 'kept', partition: 0 }] })
    await committed.commit()
    const aborted = await producer.transaction()
    await aborted.send({ topic: topics.input, messages: [{ value: 'dropped', partition: 0 }] })
    await aborted.abort()
    await producer.disconnect()
    const { source, batches } = await startSource(topics.input, topics.groupId)
    source.seek(first, 0n)
    source.resume(first)
    // kept, its commit marker, dropped, its abort marker: four offsets.
    await until(() => expect(batches.at(-1)?.nextOffset).toBe(4n))
    expect(batches.flatMap(({ records }) => records.map(({ value }) => value?.toString()))).toEqual(['kept'])
    for (const [index, batch] of batches.entries()) {
      expect(batch.fetchedOffset).toBe(index === 0 ? 0n : batches[index - 1]?.nextOffset)
    }
  })

  it('does not let control records that were fetched before a seek back pass over what lies between', async () => {
    const { input, groupId } = await kafka.createTopics({ partitions: 2 })
    const [left, right] = [0, 1].map((partition) => ({ topic: input, partition })) as [TopicPartition, TopicPartition]
    const producer = createKafka({ brokers: kafka.brokers, clientId: 'right' }).producer({
      transactionalId: `${groupId}-input`,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    const transaction = await producer.transaction()
    await transaction.send({ topic: input, messages: ['a', 'b'].map((value) => ({ value, partition: 1 })) })
    await transaction.commit()
    await producer.disconnect()
    await kafka.send(input, [{ value: 'c', partition: 0 }])
    // The marker of the right one comes in the same answer as the record of the left one, before it or after it.
    const { source, batches } = await startSource(input, groupId, undefined, ({ partition }) => {
      if (partition === left.partition) source.seek(right, 0n)
    })
    for (let attempt = 0; attempt < 4; attempt += 1) {
      batches.length = 0
      source.seek(left, 0n)
      source.seek(right, 2n)
      source.resume(left)
      source.resume(right)
      await until(() => expect(offsets(batches.filter(({ partition }) => partition === 1))).toEqual([0, 1]))
      source.pause(left)
      source.pause(right)
      const fromStart = batches.filter(({ partition, fetchedOffset }) => partition === 1 && fetchedOffset === 0n)
      expect(fromStart.map(({ records }) => records.length)).toEqual([2])
      expect(await source.confirmOwnership(left)).toBe(true)
    }
  })

  it('shares the partitions with a second member and tells the first what is left', async () => {
    const wide = await kafka.createTopics({ partitions: 4 })
    const one = await startSource(wide.input, wide.groupId)
    expect(one.assignments.at(-1)).toHaveLength(4)
    const two = await startSource(wide.input, wide.groupId)
    await until(() => expect(one.assignments.at(-1)).toHaveLength(2))
    expect(two.assignments.at(-1)).toHaveLength(2)
    const lost = two.assignments.at(-1)?.[0] as TopicPartition
    expect(await one.source.confirmOwnership(lost)).toBe(false)
    await two.source.stop({ leaveGroup: true })
    open.splice(open.indexOf(two.source), 1)
    await until(() => expect(one.assignments.at(-1)).toHaveLength(4))
    expect([...one.failures, ...two.failures]).toEqual([])
  })
})
