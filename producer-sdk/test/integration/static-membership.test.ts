import { afterEach, describe, expect, it } from 'vitest'
import { type Consumer, type ConsumerGroupJoinEvent, kafkaErrors, setLeaveGroup } from '../../src/kafka/index.ts'
import { createClient, createTopic, uniqueName, withAdmin } from '../support/real-kafka.ts'

const running = new Set<Consumer>()

interface Member {
  readonly consumer: Consumer
  /** How often it has joined. */
  readonly joins: ConsumerGroupJoinEvent['payload'][]
  readonly crash: Promise<Error>
  /** Resolves after so many more heartbeats. */
  heartbeats(count: number): Promise<void>
  stop(): Promise<void>
}

async function join(groupId: string, topic: string, groupInstanceId?: string): Promise<Member> {
  const kafka = createClient({ groupInstanceId })
  const consumer = kafka.consumer({ groupId, sessionTimeout: 10_000, heartbeatInterval: 500, maxWaitTimeInMs: 100 })
  running.add(consumer)
  const joins: Member['joins'] = []
  const joined = Promise.withResolvers<void>()
  const crash = Promise.withResolvers<Error>()
  consumer.on('consumer.group_join', ({ payload }) => {
    joins.push(payload)
    joined.resolve()
  })
  consumer.on('consumer.crash', ({ payload }) => crash.resolve(payload.error))
  await consumer.connect()
  await consumer.subscribe({ topics: [topic] })
  await consumer.run({ eachMessage: async () => {} })
  await joined.promise
  const stop = async () => {
    running.delete(consumer)
    await consumer.disconnect()
  }
  const heartbeats = async (count: number) => {
    for (let beat = 0; beat < count; beat += 1) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const forget = consumer.on('consumer.heartbeat', () => resolve())
      await promise
      forget()
    }
  }
  return { consumer, joins, crash: crash.promise, heartbeats, stop }
}

function assigned({ joins }: Member, topic: string): number[] {
  return [...(joins.at(-1)?.memberAssignment[topic] ?? [])].sort()
}

async function describeGroup(groupId: string): Promise<{ state: string; members: number }> {
  const { groups } = await withAdmin((admin) => admin.describeGroups([groupId]))
  return { state: groups[0]?.state ?? 'absent', members: groups[0]?.members.length ?? 0 }
}

/** Both members share the partitions; the group is at rest. */
async function joinBoth(groupId: string, topic: string, ids: [string?, string?]): Promise<[Member, Member]> {
  const first = await join(groupId, topic, ids[0])
  const second = await join(groupId, topic, ids[1])
  await expect.poll(() => assigned(first, topic).length + assigned(second, topic).length, { timeout: 15_000 }).toBe(4)
  return [first, second]
}

describe('static membership', () => {
  afterEach(async () => {
    await Promise.all([...running].map((consumer) => consumer.disconnect()))
    running.clear()
  })

  it('gives a member its partitions back after a restart, and the others notice nothing', async () => {
    const topic = await createTopic(4)
    const groupId = uniqueName('group')
    const [stays, restarts] = await joinBoth(groupId, topic, ['stays', 'restarts'])
    const joinsBefore = stays.joins.length
    const partitions = assigned(restarts, topic)

    await restarts.stop()
    expect(await describeGroup(groupId)).toEqual({ state: 'Stable', members: 2 })
    const back = await join(groupId, topic, 'restarts')
    expect(assigned(back, topic)).toEqual(partitions)
    // In each heartbeat a rebalance would show.
    await stays.heartbeats(3)
    expect(stays.joins).toHaveLength(joinsBefore)
  })

  it('is what makes the difference: a dynamic member that restarts moves partitions', async () => {
    const topic = await createTopic(4)
    const [stays, restarts] = await joinBoth(uniqueName('group'), topic, [])
    const joinsBefore = stays.joins.length
    await restarts.stop()
    await expect.poll(() => stays.joins.length, { timeout: 10_000 }).toBeGreaterThan(joinsBefore)
    expect(assigned(stays, topic)).toEqual([0, 1, 2, 3])
  })

  it('hands the partitions over at once when the member leaves for good', async () => {
    const topic = await createTopic(4)
    const groupId = uniqueName('group')
    const [stays, leaves] = await joinBoth(groupId, topic, ['stays', 'leaves'])
    setLeaveGroup(leaves.consumer, true)
    await leaves.stop()
    await expect.poll(() => assigned(stays, topic)).toEqual([0, 1, 2, 3])
    expect(await describeGroup(groupId)).toEqual({ state: 'Stable', members: 1 })
  })

  it('ends the older of two members that use the same id, and says why', async () => {
    const topic = await createTopic()
    const groupId = uniqueName('group')
    const older = await join(groupId, topic, 'same')
    await join(groupId, topic, 'same')
    const error = await older.crash
    expect(kafkaErrors.classify(error).fault).toBe('instance-duplicate')
    expect(kafkaErrors.toValenceError(error, 'VAL_KAFKA_CONSUMER_CRASHED').code).toBe('VAL_KAFKA_INSTANCE_DUPLICATE')
    // It must not come back by itself, or the two would throw each other out for ever.
    expect(older.joins).toHaveLength(1)
  })
})
