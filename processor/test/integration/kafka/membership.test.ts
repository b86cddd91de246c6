import { createScoreConsumer } from '@valence/producer-sdk'
import { createKafka } from '@valence/producer-sdk/kafka'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import type { ForgedAnswer, KafkaApi, RequestFate } from '@valence/testing/faults/kafka-conversation'
import { KafkaLink } from '@valence/testing/faults/kafka-link'
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext, vi } from 'vitest'
import { createKafkaRecordSource } from '../../../src/kafka/kafka-record-source.ts'
import type { RecordSourceHandlers } from '../../../src/kafka/record-source.ts'
import type { TopicPartition } from '../../../src/kafka/topic-partition.ts'
import { silentLogger } from '../../../src/observability/logger.ts'
import { retryForCommand } from '../../../src/platform/retry-for-command.ts'

const sessionTimeoutMs = 6_000

let kafka: TestKafka

const until = (check: () => unknown) => vi.waitFor(check, { timeout: 40_000, interval: 50 })

/** A topic with one partition, and a network of its own to the brokers. */
async function setup({ onTestFinished }: TestContext) {
  const topics = await kafka.createTopics({ partitions: 1 })
  const link = await KafkaLink.to(kafka.brokers.split(','), Math.random)
  onTestFinished(() => link.close())
  const groupState = async () => {
    const { groups } = await kafka.admin.describeGroups([topics.groupId])
    return { state: groups[0]?.state ?? 'none', members: groups[0]?.members.length ?? 0 }
  }
  return { topics, link, groupState }
}

/** A source behind a link that reads its one partition from the start. */
async function startSource(test: TestContext, { groupId, input }: TestTopics, { brokers }: KafkaLink, id?: string) {
  const client = createKafka({
    brokers,
    clientId: 'membership-test',
    groupInstanceId: id,
    requestTimeoutMs: 3_000,
    retry: { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 },
  })
  const source = createKafkaRecordSource({
    kafka: client,
    groupId,
    topics: [input],
    sessionTimeoutMs,
    fromBeginning: true,
    logger: silentLogger,
  })
  test.onTestFinished(() => source.stop({ leaveGroup: true }))
  const seen = { read: [] as string[], failures: [] as Error[], joins: 0 }
  let position = 0n
  const goOn = (partition: TopicPartition) => {
    source.seek(partition, position)
    source.resume(partition)
  }
  const handlers: RecordSourceHandlers = {
    onAssigned({ partitions }) {
      seen.joins += 1
      for (const partition of partitions) goOn(partition)
    },
    onBatch(batch) {
      if (batch.fetchedOffset !== position) return goOn(batch)
      position = batch.nextOffset
      seen.read.push(...batch.records.map(({ value }) => String(value)))
    },
    onUnreadable: (_partition, error) => seen.failures.push(error),
    onFatal: (error) => seen.failures.push(error),
  }
  // The coordinator of a broker that has just begun is loading for a moment.
  await retryForCommand(() => source.start(handlers))
  return { source, seen }
}

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterAll(() => kafka.close())

/** One answer after the other; each is waited for. */
const answers: [string, [KafkaApi, RequestFate | ForgedAnswer][]][] = [
  [
    '25, then a join answered with 14',
    [
      ['Heartbeat', { errorCode: 25 }],
      ['JoinGroup', { errorCode: 14 }],
    ],
  ],
  [
    '25, then a join answered with 15',
    [
      ['Heartbeat', { errorCode: 25 }],
      ['JoinGroup', { errorCode: 15 }],
    ],
  ],
  [
    '25, then a join answered with 79',
    [
      ['Heartbeat', { errorCode: 25 }],
      ['JoinGroup', { errorCode: 79 }],
    ],
  ],
  [
    '25, then a join whose answer is lost',
    [
      ['Heartbeat', { errorCode: 25 }],
      ['JoinGroup', 'answer lost'],
    ],
  ],
  [
    '25, then a sync answered with 14',
    [
      ['Heartbeat', { errorCode: 25 }],
      ['SyncGroup', { errorCode: 14 }],
    ],
  ],
  [
    '27, then a sync whose answer is lost',
    [
      ['Heartbeat', { errorCode: 27 }],
      ['SyncGroup', 'answer lost'],
    ],
  ],
  [
    '16, then a join answered with 16',
    [
      ['Heartbeat', { errorCode: 16 }],
      ['JoinGroup', { errorCode: 16 }],
    ],
  ],
  ['15', [['Heartbeat', { errorCode: 15 }]]],
]

// Most of their time they wait for sessions to end.
describe.concurrent('a consumer of a group', { retry: 0 }, () => {
  it.for(answers)('is a member again, and reads on, after a heartbeat answered with %s', async ([, fates], test) => {
    const { topics, link, groupState } = await setup(test)
    const { source, seen } = await startSource(test, topics, link)
    const before = seen.joins
    for (const [api, fate] of fates) expect(await link.ambush(api, fate)).toBe(true)
    await until(() => expect(seen.joins).toBeGreaterThan(before))
    // For longer than the session: what beats no more has left by then.
    await new Promise((resolve) => setTimeout(resolve, sessionTimeoutMs + 1_000))
    expect(source.isMember()).toBe(true)
    await kafka.produceRaw(topics.input, ['afterwards'])
    await until(() => expect(seen.read).toEqual(['afterwards']))
    await until(async () => expect(await groupState()).toEqual({ state: 'Stable', members: 1 }))
    expect(seen.failures).toEqual([])
  })

  it('is a member again within a session and the time of a request where the coordinator does not answer its join', async (test) => {
    const { topics, link } = await setup(test)
    const { source, seen } = await startSource(test, topics, link)
    expect(await link.ambush('Heartbeat', { errorCode: 25 })).toBe(true)
    expect(await link.ambush('JoinGroup', 'swallowed')).toBe(true)
    const swallowedAt = performance.now()
    await until(() => expect(seen.joins).toBe(2))
    // The broker may hold a join for a session; kafkajs adds 5 s for the network.
    expect(performance.now() - swallowedAt).toBeLessThan(sessionTimeoutMs + 5_000 + 10_000)
    expect(source.isMember()).toBe(true)
    await kafka.produceRaw(topics.input, ['afterwards'])
    await until(() => expect(seen.read).toEqual(['afterwards']))
    expect(seen.failures).toEqual([])
  })

  it('ends and says why where the coordinator does not answer its second join either', async (test) => {
    const { topics, link } = await setup(test)
    const { source, seen } = await startSource(test, topics, link)
    expect(await link.ambush('Heartbeat', { errorCode: 25 })).toBe(true)
    let joins = 0
    void (async () => {
      // All of them: after the second the consumer may join once more before it is found lost.
      while (seen.failures.length === 0 && (await link.ambush('JoinGroup', 'swallowed', 40_000))) joins += 1
    })()
    await until(() => expect(seen.failures).toMatchObject([{ code: 'VAL_KAFKA_MEMBERSHIP_LOST' }]))
    expect(joins).toBeGreaterThanOrEqual(2)
    expect(seen.failures[0]).toMatchObject({ detail: 'the coordinator does not answer when this member joins' })
    expect(source.isMember()).toBe(false)
  })

  it('ends and says so when another process has its instance id', async (test) => {
    const { topics, link } = await setup(test)
    const { seen } = await startSource(test, topics, link, 'instance')
    expect(await link.ambush('Heartbeat', { errorCode: 82 })).toBe(true)
    await until(() => expect(seen.failures).toMatchObject([{ code: 'VAL_KAFKA_INSTANCE_DUPLICATE' }]))
  })

  it('says that it is no member while the broker is away, and comes back by itself', async (test) => {
    const { topics, link } = await setup(test)
    const { source, seen } = await startSource(test, topics, link, 'instance')
    expect(source.isMember()).toBe(true)
    link.each((proxy) => proxy.cut())
    await until(() => expect(source.isMember()).toBe(false))
    await new Promise((resolve) => setTimeout(resolve, 2 * sessionTimeoutMs))
    link.resume()
    await until(() => expect(source.isMember()).toBe(true))
    await kafka.produceRaw(topics.input, ['afterwards'])
    await until(() => expect(seen.read).toEqual(['afterwards']))
    expect(seen.failures).toEqual([])
  })

  it('of the SDK is a member again after a failed join as well', async (test) => {
    const { topics, link, groupState } = await setup(test)
    const consumer = createScoreConsumer({
      kafka: createKafka({ brokers: link.brokers, clientId: 'membership-test' }),
      groupId: topics.groupId,
      topic: topics.input,
      sessionTimeoutMs,
      handler: () => undefined,
    })
    test.onTestFinished(() => consumer.stop({ leaveGroup: true }))
    await consumer.start()
    expect(await link.ambush('Heartbeat', { errorCode: 25 })).toBe(true)
    expect(await link.ambush('JoinGroup', { errorCode: 14 })).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 2 * sessionTimeoutMs))
    await until(async () => expect(await groupState()).toEqual({ state: 'Stable', members: 1 }))
  })
})
