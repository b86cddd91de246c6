import { randomUUID } from 'node:crypto'
import { createKafka, type Producer } from '@valence/producer-sdk/kafka'
import { TestKafka } from '@valence/testing/counting/workload'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { type PartitionRange, readTopic } from '../../../src/kafka/topic-reader.ts'
import { silentLogger } from '../../../src/observability/logger.ts'

let kafka: TestKafka
let producer: Producer
let topic: string

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
beforeEach(async () => {
  topic = (await kafka.createTopics({ partitions: 3 })).input
  producer = createKafka({ brokers: kafka.brokers, clientId: 'test' }).producer({
    transactionalId: topic,
    maxInFlightRequests: 1,
  })
  await producer.connect()
  return () => producer.disconnect()
})
afterAll(() => kafka.close())

/**
 * One transaction: its records take the next offsets of the partition, its marker one more. The broker acknowledges the
 * end of a transaction before its marker is in the log; until then readers of committed records see none of it.
 */
async function write(partition: number, values: readonly string[], ending: 'commit' | 'abort' = 'commit') {
  const before = await endOf(partition)
  const transaction = await producer.transaction()
  await transaction.send({ topic, messages: values.map((value) => ({ value, partition })) })
  await transaction[ending]()
  const marked = before + BigInt(values.length) + 1n
  await expect.poll(() => endOf(partition), { timeout: 60_000, interval: 5 }).toBe(marked)
}

/** Where the committed records of a partition end: kafkajs asks for the last stable offset. */
async function endOf(partition: number): Promise<bigint> {
  return (await ranges()).find((own) => own.partition === partition)?.to ?? -1n
}

function open(...ranges: PartitionRange[]) {
  const client = createKafka({ brokers: kafka.brokers, clientId: 'test-reader' })
  return readTopic({ kafka: client, topic, groupId: `${topic}.${randomUUID()}`, ranges, logger: silentLogger })
}

async function ranges(): Promise<PartitionRange[]> {
  const offsets = await kafka.admin.fetchTopicOffsets(topic)
  return offsets.map(({ partition, low, high }) => ({ partition, from: BigInt(low), to: BigInt(high) }))
}

async function readAll(...chosen: PartitionRange[]) {
  const values: string[] = []
  const ends = new Map<number, bigint>()
  for await (const { partition, records, nextOffset } of open(...chosen)) {
    values.push(...records.map(({ value }) => `${partition}:${value}`))
    ends.set(partition, nextOffset)
  }
  return { values: values.toSorted(), ends }
}

describe('readTopic', () => {
  it('reads every partition to its end, and ends', async () => {
    await write(0, ['a', 'b'])
    await write(2, ['c'])
    const { values, ends } = await readAll(...(await ranges()))
    expect(values).toEqual(['0:a', '0:b', '2:c'])
    // Each log ends with the marker of its transaction.
    expect([...ends].toSorted()).toEqual([
      [0, 3n],
      [2, 2n],
    ])
  })

  it('ends where a log ends with aborted records and markers, and gives none of them', async () => {
    await write(0, ['yes'])
    await write(0, ['no', 'nor this'], 'abort')
    await write(1, ['never'], 'abort')
    const { values, ends } = await readAll(...(await ranges()))
    expect(values).toEqual(['0:yes'])
    expect(ends.get(1)).toBe(2n)
  })

  it('gives nothing outside the ranges, to the record', async () => {
    await write(0, ['a', 'b', 'c', 'd', 'e'])
    await write(1, ['other'])
    const { values, ends } = await readAll({ partition: 0, from: 1n, to: 3n })
    expect(values).toEqual(['0:b', '0:c'])
    expect([...ends]).toEqual([[0, 3n]])
  })

  it('gives timestamps of 64 bits to the millisecond', async () => {
    const configEntries = [{ name: 'message.timestamp.after.max.ms', value: String(2n ** 63n - 1n) }]
    await kafka.admin.alterConfigs({ validateOnly: false, resources: [{ type: 2, name: topic, configEntries }] })
    const times = [2n ** 53n + 1n, 2n ** 63n - 1n]
    // The broker answers before each of its parts has taken the setting over; a refused record is not written.
    const send = (time: bigint) => kafka.send(topic, [{ value: 'x', partition: 0, timestamp: String(time) }])
    for (const time of times) await vi.waitFor(() => send(time), { timeout: 10_000, interval: 100 })
    const found: bigint[] = []
    for await (const { records } of open(...(await ranges()))) found.push(...records.map(({ timestamp }) => timestamp))
    expect(found).toEqual(times)
  })

  it('asks for nothing where there is nothing to read', async () => {
    expect(await readAll()).toMatchObject({ values: [] })
    expect(await readAll({ partition: 0, from: 5n, to: 5n })).toMatchObject({ values: [] })
  })

  it('comes to its end over many fetches, each record once, in the order of the partition', async () => {
    const value = (index: number) => `${index}`.padEnd(2_000, '.')
    for (let at = 0; at < 1_500; at += 250) {
      await write(
        0,
        Array.from({ length: 250 }, (_, index) => value(at + index)),
      )
    }
    const seen: number[] = []
    let batches = 0
    for await (const { records } of open(...(await ranges()))) {
      batches += 1
      seen.push(...records.map((record) => Number.parseInt(String(record.value), 10)))
    }
    expect(batches).toBeGreaterThan(3)
    expect(seen).toEqual(Array.from({ length: 1_500 }, (_, index) => index))
  })

  it('can be left before the end', async () => {
    await write(0, ['a'])
    await write(1, ['b'])
    for await (const batch of open(...(await ranges()))) {
      expect(batch.records).toHaveLength(1)
      break
    }
  })

  it('says that a topic does not exist', async () => {
    topic = `${topic}.none`
    await expect(readAll({ partition: 0, from: 0n, to: 1n })).rejects.toMatchObject({ code: 'VAL_KAFKA_TOPIC_MISSING' })
  })
})
