import { EventEmitter } from 'node:events'
import type { EachBatchPayload, Kafka } from '@valence/producer-sdk/kafka'
import type { ValenceError } from '@valence/schemas'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createKafkaRecordSource } from '../../../src/kafka/kafka-record-source.ts'
import type { RecordBatch } from '../../../src/kafka/record.ts'
import type { TopicPartition } from '../../../src/kafka/topic-partition.ts'
import type { Logger } from '../../../src/observability/logger.ts'

const events = {
  GROUP_JOIN: 'join',
  CRASH: 'crash',
  HEARTBEAT: 'heartbeat',
  REQUEST_TIMEOUT: 'timeout',
  FETCH: 'fetch',
}

/** A consumer whose events the test fires. It joins with the partitions given as soon as it runs. */
function fakeConsumer(assignment: Record<string, number[]>) {
  const emitter = new EventEmitter()
  const paused: TopicPartition[] = []
  let eachBatch: (payload: EachBatchPayload) => Promise<void> = async () => undefined
  const consumer = {
    events,
    connect: vi.fn(async () => undefined),
    disconnect: vi.fn(async () => undefined),
    subscribe: vi.fn(async () => undefined),
    seek: vi.fn(),
    resume: vi.fn(),
    pause: (topics: { topic: string; partitions: number[] }[]) =>
      paused.push(...topics.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })))),
    on(name: string, listener: (event: unknown) => void) {
      emitter.on(name, listener)
      return () => emitter.off(name, listener)
    },
    async run(options: { eachBatch: typeof eachBatch }) {
      eachBatch = options.eachBatch
      join(assignment)
    },
  }
  const fire = (name: keyof typeof events, payload: object = {}) => emitter.emit(events[name], { payload })
  const join = (memberAssignment: Record<string, number[]>, memberId = 'm1') =>
    fire('GROUP_JOIN', { memberAssignment, duration: 7, memberId })
  return { consumer, paused, fire, join, take: (payload: EachBatchPayload) => eachBatch(payload) }
}

function batchOf(partition: number) {
  const resolveOffset = vi.fn()
  const message = { offset: '40', timestamp: '1000', key: null, value: Buffer.from('x'), headers: { a: 'b' } }
  const batch = {
    topic: 't',
    partition,
    fetchedOffset: '40',
    highWatermark: '50',
    messages: [message],
    rawMessages: [],
    lastOffset: () => '41',
  }
  return { payload: { batch, resolveOffset } as unknown as EachBatchPayload, resolveOffset }
}

async function started({ isBehind = false, sessionTimeoutMs = 10_000 } = {}) {
  const fake = fakeConsumer({ t: [0, 1] })
  const source = createKafkaRecordSource({
    kafka: { consumer: () => fake.consumer } as unknown as Kafka,
    groupId: 'g',
    topics: ['t'],
    sessionTimeoutMs,
    fromBeginning: true,
    logger: { debug: vi.fn(), error: vi.fn() } as unknown as Logger,
  })
  const assigned: (readonly TopicPartition[])[] = []
  const newMember: boolean[] = []
  const batches: RecordBatch[] = []
  const fatal: ValenceError[] = []
  await source.start({
    onAssigned: ({ partitions, isNewMember }) => {
      assigned.push(partitions)
      newMember.push(isNewMember)
    },
    onBatch: (batch) => batches.push(batch),
    onUnreadable: () => undefined,
    onFatal: (error) => fatal.push(error as ValenceError),
    isBehind: () => isBehind,
  })
  return { ...fake, source, assigned, newMember, batches, fatal }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a record source', () => {
  it('pauses partitions that are new, and lets those run that stay through a rebalance', async () => {
    const { paused, assigned, join } = await started()
    expect(paused.map(({ partition }) => partition)).toEqual([0, 1])
    join({ t: [1, 2] })
    expect(paused.map(({ partition }) => partition)).toEqual([0, 1, 2])
    join({ t: [0] })
    expect(paused.map(({ partition }) => partition)).toEqual([0, 1, 2, 0])
    expect(assigned.at(-1)).toEqual([{ topic: 't', partition: 0 }])
  })

  it('lets no partition run on once the group has given it another member id', async () => {
    const { paused, newMember, join } = await started()
    join({ t: [0, 1] })
    expect(paused.map(({ partition }) => partition)).toEqual([0, 1])
    join({ t: [0, 1] }, 'm2')
    expect(paused.map(({ partition }) => partition)).toEqual([0, 1, 0, 1])
    expect(newMember).toEqual([true, false, true])
  })

  it('hands a batch over and resolves it', async () => {
    const { take, batches } = await started()
    const { payload, resolveOffset } = batchOf(0)
    await take(payload)
    expect(batches).toMatchObject([
      { topic: 't', partition: 0, fetchedOffset: 40n, nextOffset: 42n, highWatermark: 50n },
    ])
    expect(batches[0]?.records).toMatchObject([{ offset: 40n, timestamp: 1_000n, headers: [{ name: 'a' }] }])
    expect(resolveOffset).toHaveBeenCalledWith('41')
  })

  it('neither hands over nor resolves a batch of a partition that was taken away, or after a stop', async () => {
    const { take, batches, join, source } = await started()
    join({ t: [1] })
    const lost = batchOf(0)
    await take(lost.payload)
    await source.stop({ leaveGroup: true })
    const late = batchOf(1)
    await take(late.payload)
    expect(batches).toEqual([])
    expect(lost.resolveOffset).not.toHaveBeenCalled()
    expect(late.resolveOffset).not.toHaveBeenCalled()
  })

  it('puts the next fetch off by 20 ms from the last where records wait anyway', async () => {
    const { take, fire } = await started({ isBehind: true })
    fire('FETCH')
    await vi.advanceTimersByTimeAsync(5)
    let isDone = false
    const taken = take(batchOf(0).payload).then(() => {
      isDone = true
    })
    await vi.advanceTimersByTimeAsync(14)
    expect(isDone).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await taken
    expect(isDone).toBe(true)
  })

  it('owns a partition once a heartbeat confirms it, and not where a join takes it away or the source stops', async () => {
    const { source, fire, join } = await started()
    const partition = { topic: 't', partition: 0 }
    const confirmed = source.confirmOwnership(partition)
    fire('HEARTBEAT')
    await expect(confirmed).resolves.toBe(true)
    const taken = source.confirmOwnership(partition)
    join({ t: [1] })
    await expect(taken).resolves.toBe(false)
    const stopped = source.confirmOwnership({ topic: 't', partition: 1 })
    await source.stop({ leaveGroup: true })
    await expect(stopped).resolves.toBe(false)
    await expect(source.confirmOwnership(partition)).resolves.toBe(false)
  })

  it('is a member until the session timeout passes without a heartbeat, or it stops', async () => {
    const { source, fire } = await started()
    await vi.advanceTimersByTimeAsync(9_999)
    expect(source.isMember()).toBe(true)
    await vi.advanceTimersByTimeAsync(1)
    expect(source.isMember()).toBe(false)
    fire('HEARTBEAT')
    expect(source.isMember()).toBe(true)
    await source.stop({ leaveGroup: true })
    expect(source.isMember()).toBe(false)
  })

  it.each([
    ['still a member', true, 'VAL_KAFKA_FETCH_STALLED'],
    ['out of the group', false, 'VAL_KAFKA_MEMBERSHIP_LOST'],
  ])('dies of 90 seconds without a fetch: %s', async (_, isMember, code) => {
    const { fatal, fire } = await started()
    for (let second = 1; second <= 91; second += 1) {
      expect(fatal).toEqual([])
      if (isMember) fire('HEARTBEAT')
      await vi.advanceTimersByTimeAsync(1_000)
    }
    expect(fatal).toMatchObject([{ code }])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(fatal).toHaveLength(1)
  })

  it('waits for three sessions without a fetch where those are longer', async () => {
    const { fatal } = await started({ sessionTimeoutMs: 60_000 })
    await vi.advanceTimersByTimeAsync(180_000)
    expect(fatal).toEqual([])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(fatal).toHaveLength(1)
  })

  it('dies of a crash of the consumer, unless it stops anyway', async () => {
    const { fatal, fire, source } = await started()
    fire('CRASH', { error: new Error('no') })
    expect(fatal).toMatchObject([{ code: 'VAL_KAFKA_CONSUMER_CRASHED' }])
    await source.stop({ leaveGroup: true })
    fire('CRASH', { error: new Error('no') })
    expect(fatal).toHaveLength(1)
  })

  it('does not wait longer than 5 seconds to leave the group', async () => {
    const { consumer, source } = await started()
    consumer.disconnect.mockReturnValue(new Promise(() => undefined))
    const stopped = source.stop({ leaveGroup: true })
    await vi.advanceTimersByTimeAsync(5_000)
    await expect(stopped).resolves.toBeUndefined()
  })
})
