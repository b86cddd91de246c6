import { afterEach, describe, expect, it } from 'vitest'
import {
  type Consumer,
  type ConsumerGroupJoinEvent,
  createStickyAssigner,
  type HeldPartitions,
  loadKafkaJs,
} from '../../src/kafka/index.ts'
import { createClient, createTopic, uniqueName } from '../support/real-kafka.ts'

type Assignment = ConsumerGroupJoinEvent['payload']['memberAssignment']

const running = new Set<Consumer>()

/** A member that keeps book of what it holds, as a user of the assigner does. */
class Member {
  assignment: Assignment = {}
  readonly #consumer: Consumer
  #generation = -1

  constructor(groupId: string, isSticky = true) {
    const assigners = isSticky
      ? [createStickyAssigner(() => this.#held())]
      : [loadKafkaJs().PartitionAssigners.roundRobin]
    this.#consumer = createClient().consumer({
      groupId,
      sessionTimeout: 10_000,
      heartbeatInterval: 300,
      maxWaitTimeInMs: 100,
      partitionAssigners: assigners,
    })
    this.#consumer.on('consumer.group_join', ({ payload }) => {
      this.assignment = payload.memberAssignment
    })
    this.#consumer.on('consumer.heartbeat', ({ payload }) => {
      this.#generation = payload.groupGenerationId
    })
  }

  #held(): HeldPartitions {
    const partitions = Object.entries(this.assignment).flatMap(([topic, numbers]) =>
      numbers.map((partition) => ({ topic, partition })),
    )
    return { generation: this.#generation, partitions }
  }

  async join(topics: string[]): Promise<this> {
    running.add(this.#consumer)
    await this.#consumer.connect()
    await this.#consumer.subscribe({ topics })
    await this.#consumer.run({ eachBatch: async () => {} })
    return this
  }

  async leave(): Promise<void> {
    running.delete(this.#consumer)
    await this.#consumer.disconnect()
  }

  of(topic: string): number[] {
    return [...(this.assignment[topic] ?? [])].sort((a, b) => a - b)
  }
}

/** Resolves when the members hold all partitions of the topic between them, each of them one. */
async function settled(members: readonly Member[], topic: string, partitions: number): Promise<void> {
  const all = Array.from({ length: partitions }, (_, index) => index)
  const held = () => members.flatMap((member) => member.of(topic)).sort((a, b) => a - b)
  await expect.poll(held, { timeout: 20_000 }).toEqual(all)
}

describe('the sticky assigner', () => {
  afterEach(async () => {
    await Promise.all([...running].map((consumer) => consumer.disconnect()))
    running.clear()
  })

  it('moves only what a newcomer gets, and gives it back when the newcomer leaves', async () => {
    const topic = await createTopic(6)
    const groupId = uniqueName('group')
    const first = await new Member(groupId).join([topic])
    await settled([first], topic, 6)
    const second = await new Member(groupId).join([topic])
    await settled([first, second], topic, 6)
    const before = [first.of(topic), second.of(topic)]
    expect(before.map(({ length }) => length)).toEqual([3, 3])
    const third = await new Member(groupId).join([topic])
    await settled([first, second, third], topic, 6)
    for (const [index, member] of [first, second].entries()) {
      expect(before[index]).toEqual(expect.arrayContaining(member.of(topic)))
      expect(member.of(topic)).toHaveLength(2)
    }
    const two = [first.of(topic), second.of(topic)]
    await third.leave()
    await settled([first, second], topic, 6)
    for (const [index, member] of [first, second].entries()) {
      expect(member.of(topic)).toEqual(expect.arrayContaining(two[index] ?? []))
    }
  })

  it.each([
    { assigner: 'the sticky assigner', isSticky: true },
    { assigner: "kafkajs's own", isSticky: false },
  ])('equal partitions of two topics meet in one member: $assigner, $isSticky', async ({ isSticky }) => {
    const topics = [await createTopic(3), await createTopic(3)] as const
    const groupId = uniqueName('group')
    const members = [await new Member(groupId, isSticky).join([...topics])]
    await settled(members, topics[0], 3)
    members.push(await new Member(groupId, isSticky).join([...topics]))
    await settled(members, topics[0], 3)
    await settled(members, topics[1], 3)
    await expect.poll(() => members.every((member) => member.of(topics[0]).length > 0)).toBe(true)
    const isTogether = members.every((member) => String(member.of(topics[0])) === String(member.of(topics[1])))
    expect(isTogether).toBe(isSticky)
  })

  it('lets members of the older assigner be replaced one by one', async () => {
    const topic = await createTopic(4)
    const groupId = uniqueName('group')
    const { roundRobin } = loadKafkaJs().PartitionAssigners
    const old = await new Member(groupId, false).join([topic])
    await settled([old], topic, 4)
    const consumer = createClient().consumer({
      groupId,
      maxWaitTimeInMs: 100,
      partitionAssigners: [createStickyAssigner(() => ({ generation: -1, partitions: [] })), roundRobin],
    })
    running.add(consumer)
    const joined = new Promise<string | undefined>((resolve) => {
      consumer.on('consumer.group_join', ({ payload }) => resolve(payload.groupProtocol))
    })
    await consumer.connect()
    await consumer.subscribe({ topics: [topic] })
    await consumer.run({ eachBatch: async () => {} })
    expect(await joined).toBe('RoundRobinAssigner')
  })
})
