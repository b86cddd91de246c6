import { afterEach, describe, expect, it } from 'vitest'
import {
  aliveInstances,
  type CommittingMember,
  type Consumer,
  createStickyAssigner,
  describeTransactions,
  fenceTransactionalId,
  fenceTransactionalIds,
  groupMember,
  kafkaErrors,
  listTransactions,
  loadKafkaJs,
  type PartitionAssigner,
  type Producer,
  readPositions,
  sendTransactionOffsets,
  type TransactionOffsets,
} from '../../src/kafka/index.ts'
import { createClient, createTopic, readValues, uniqueName, withAdmin } from '../support/real-kafka.ts'

const producers: Producer[] = []
const consumers = new Set<Consumer>()

async function connect(transactionalId: string): Promise<Producer> {
  const producer = createClient().producer({ transactionalId, transactionTimeout: 30_000 })
  producers.push(producer)
  await producer.connect()
  return producer
}

interface Join {
  readonly member: CommittingMember | undefined
  readonly alive: ReturnType<typeof aliveInstances>
  readonly partitions: readonly number[]
}

interface Member {
  readonly consumer: Consumer
  readonly joins: Join[]
  stop(): Promise<void>
}

interface MemberOptions {
  readonly assigner: PartitionAssigner
  readonly instance?: string | undefined
}

/** Resolves with its first assignment. */
async function join(groupId: string, topic: string, { assigner, instance }: MemberOptions): Promise<Member> {
  const consumer = createClient({ groupInstanceId: instance }).consumer({
    groupId,
    sessionTimeout: 10_000,
    heartbeatInterval: 300,
    maxWaitTimeInMs: 100,
    partitionAssigners: [assigner],
  })
  consumers.add(consumer)
  const joins: Join[] = []
  const joined = new Promise<void>((resolve) => {
    consumer.on('consumer.group_join', ({ payload }) => {
      const partitions = payload.memberAssignment[topic] ?? []
      joins.push({ member: groupMember(consumer), alive: aliveInstances(consumer), partitions })
      resolve()
    })
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [topic] })
  await consumer.run({ eachBatch: async () => {} })
  await joined
  const stop = async () => {
    consumers.delete(consumer)
    await consumer.disconnect()
  }
  return { consumer, joins, stop }
}

const nothingHeld = () => ({ generation: -1, partitions: [] })
const sticky = (instance?: string): PartitionAssigner => createStickyAssigner(nothingHeld, instance)

/** The assigner as it was before it told of instances. */
const earlier: PartitionAssigner = (context) => {
  const own = createStickyAssigner(nothingHeld)(context)
  const { MemberAssignment } = loadKafkaJs().AssignerProtocol
  return {
    ...own,
    assign: async (group) =>
      (await own.assign(group)).map(({ memberId, memberAssignment }) => {
        const { assignment = {} } = MemberAssignment.decode(memberAssignment) ?? {}
        return {
          memberId,
          memberAssignment: MemberAssignment.encode({ version: 0, assignment, userData: Buffer.alloc(0) }),
        }
      }),
  }
}

async function settled(members: readonly Member[], partitions: number): Promise<void> {
  const held = () => members.flatMap(({ joins }) => joins.at(-1)?.partitions ?? []).toSorted((a, b) => a - b)
  await expect.poll(held, { timeout: 20_000 }).toEqual(Array.from({ length: partitions }, (_, index) => index))
}

function memberOf({ consumer }: Member): CommittingMember {
  const member = groupMember(consumer)
  if (!member) throw new Error('not a member')
  return member
}

const offsetsOf = (topic: string, partitions: readonly number[]) =>
  partitions.map((partition) => ({ topic, partition, offset: BigInt(100 + partition), metadata: `lane ${partition}` }))

/** A transaction with these offsets. A group whose topic is new may join once more for its leaders. */
async function openWith(producer: Producer, member: Member, offsets: Omit<TransactionOffsets, 'member'>) {
  for (;;) {
    const transaction = await producer.transaction()
    const joined = memberOf(member)
    try {
      await sendTransactionOffsets(transaction, { ...offsets, member: joined })
      return transaction
    } catch (error) {
      await transaction.abort()
      if ((error as { code?: unknown }).code !== 'VAL_KAFKA_GENERATION_OVER') throw error
      await expect.poll(() => memberOf(member), { timeout: 10_000 }).not.toEqual(joined)
    }
  }
}

async function commitAs(producer: Producer, groupId: string, topic: string, member: CommittingMember): Promise<void> {
  const transaction = await producer.transaction()
  try {
    // The topic is empty: members that join again would crash on any other position.
    const offsets = [{ topic, partition: 0, offset: 0n, metadata: null }]
    await sendTransactionOffsets(transaction, { groupId, member, offsets })
  } catch (error) {
    await transaction.abort()
    throw error
  }
  await transaction.commit()
}

describe('transactions of a member of a group', () => {
  afterEach(async () => {
    await Promise.all([...consumers].map((consumer) => consumer.disconnect()))
    consumers.clear()
    await Promise.all(producers.splice(0).map((producer) => producer.disconnect()))
  })

  it('commit 240 partitions in one request, and their positions are read in one', async () => {
    const topic = await createTopic(240)
    const groupId = uniqueName('group')
    const member = await join(groupId, topic, { assigner: sticky('one') })
    await settled([member], 240)
    const all = Array.from({ length: 240 }, (_, partition) => partition)
    const asked = [...all.map((partition) => ({ topic, partition })), { topic, partition: 7 }]
    const producer = await connect(uniqueName('lane'))
    await withAdmin(async (admin) => {
      const transaction = await openWith(producer, member, { groupId, offsets: offsetsOf(topic, all.slice(0, 239)) })
      const open = await readPositions(admin, { groupId, partitions: asked })
      expect(open.map(({ state }) => state)).toEqual([...all.slice(0, 239).map(() => 'unstable'), 'none', 'unstable'])
      await transaction.commit()
      const read = () => readPositions(admin, { groupId, partitions: asked })
      const isUnstable = async () => (await read()).some(({ state }) => state === 'unstable')
      await expect.poll(isUnstable, { interval: 5, timeout: 10_000 }).toBe(false)
      expect(await read()).toMatchObject([
        ...all.slice(0, 239).map((partition) => ({
          topic,
          partition,
          state: 'committed',
          offset: BigInt(100 + partition),
          metadata: `lane ${partition}`,
        })),
        { partition: 239, state: 'none' },
        { partition: 7, offset: 107n },
      ])
    })
  })

  it('are refused once the group has gone on, and the producer goes on with the next generation', async () => {
    const topic = await createTopic(4)
    const groupId = uniqueName('group')
    const producer = await connect(uniqueName('lane'))
    const first = await join(groupId, topic, { assigner: sticky('one') })
    const offsets = [{ topic, partition: 0, offset: 0n, metadata: null }]
    await (await openWith(producer, first, { groupId, offsets })).commit()
    const before = memberOf(first)
    const second = await join(groupId, topic, { assigner: sticky('two') })
    await settled([first, second], 4)
    const refused = await commitAs(producer, groupId, topic, before).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'VAL_KAFKA_GENERATION_OVER', cause: { type: 'ILLEGAL_GENERATION' } })
    expect(kafkaErrors.classify(refused).fault).toBe('rebalance')
    await (await openWith(producer, first, { groupId, offsets })).commit()
    const stranger = { ...memberOf(first), memberId: 'nobody' }
    await expect(commitAs(producer, groupId, topic, stranger)).rejects.toMatchObject({
      code: 'VAL_KAFKA_GENERATION_OVER',
      cause: { type: 'UNKNOWN_MEMBER_ID' },
    })
  })

  it('are refused to the earlier life of a static member, and fencing by instance is no duplicate', async () => {
    const topic = await createTopic(2)
    const groupId = uniqueName('group')
    const producer = await connect(uniqueName('lane'))
    const first = await join(groupId, topic, { assigner: sticky('one'), instance: 'instance-1' })
    const before = memberOf(first)
    expect(before.instanceId).toBe('instance-1')
    await first.stop()
    const again = await join(groupId, topic, { assigner: sticky('one'), instance: 'instance-1' })
    const refused = await commitAs(producer, groupId, topic, before).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'VAL_KAFKA_GENERATION_OVER', cause: { type: 'FENCED_INSTANCE_ID' } })
    expect(kafkaErrors.toValenceError(refused, 'VAL_KAFKA_TRANSACTION_FAILED')).toMatchObject({
      code: 'VAL_KAFKA_GENERATION_OVER',
    })
    const offsets = [{ topic, partition: 0, offset: 0n, metadata: null }]
    await (await openWith(producer, again, { groupId, offsets })).commit()
  })

  it('know at each join who is alive', async () => {
    const topic = await createTopic(4)
    const groupId = uniqueName('group')
    const first = await join(groupId, topic, { assigner: sticky('one') })
    const second = await join(groupId, topic, { assigner: sticky('two') })
    await settled([first, second], 4)
    for (const { joins } of [first, second]) {
      const { alive, member } = joins.at(-1) ?? {}
      expect(['one', 'two', 'three'].map((name) => alive?.has(name))).toEqual([true, true, false])
      expect(alive?.hasOldMembers).toBe(false)
      expect(member?.generationId).toBe(memberOf(first).generationId)
    }
    expect(first.joins[0]?.alive?.has('two')).toBe(false)
    await second.stop()
    await settled([first], 4)
    expect(first.joins.at(-1)?.alive?.has('two')).toBe(false)
  })

  it.each(['leads', 'follows'])('share partitions with a member of the earlier version that %s', async (role) => {
    const topic = await createTopic(4)
    const groupId = uniqueName('group')
    const assigners = role === 'leads' ? [earlier, sticky('new')] : [sticky('new'), earlier]
    const members: Member[] = []
    // A group is led by whom joined it first.
    for (const assigner of assigners) members.push(await join(groupId, topic, { assigner }))
    await settled(members, 4)
    expect(members.map(({ joins }) => joins.at(-1)?.partitions.length)).toEqual([2, 2])
    const alive = members.map(({ joins }) => joins.at(-1)?.alive)
    if (role === 'leads') expect(alive).toEqual([undefined, undefined])
    else
      expect(alive.map((own) => [own?.has('new'), own?.hasOldMembers])).toEqual([
        [true, true],
        [true, true],
      ])
  })
})

describe('transactional ids of others', () => {
  afterEach(async () => {
    await Promise.all(producers.splice(0).map((producer) => producer.disconnect()))
  })

  it('are fenced: what they had open is aborted, and nothing of theirs is accepted any more', async () => {
    const topic = await createTopic()
    const id = uniqueName('id')
    const dead = await (await connect(id)).transaction()
    await dead.send({ topic, messages: [{ value: 'never' }] })
    const reader = await (await connect(uniqueName('id'))).transaction()
    await reader.send({ topic, messages: [{ value: 'behind it' }] })
    await reader.commit()
    await withAdmin((admin) => fenceTransactionalId(admin, id))
    // The last stable offset was held by the open transaction.
    await expect.poll(() => readValues(topic), { timeout: 10_000 }).toEqual(['behind it'])
    const refused = await dead.commit().catch((error: unknown) => error)
    expect(kafkaErrors.classify(refused).fault).toBe('fenced')
  })

  it('are fenced by the hundred, those that nobody has used among them', async () => {
    const prefix = uniqueName('id')
    const topic = await createTopic(4)
    const open = await Promise.all([0, 1, 2].map((index) => connect(`${prefix}.${index}`)))
    const transactions = await Promise.all(open.map((producer) => producer.transaction()))
    for (const transaction of transactions) await transaction.send({ topic, messages: [{ value: 'never' }] })
    const ids = Array.from({ length: 240 }, (_, index) => `${prefix}.${index}`)
    await withAdmin(async (admin) => {
      await fenceTransactionalIds(admin, ids)
      const listed = await listTransactions(admin, { prefix, states: ['Ongoing', 'PrepareCommit', 'PrepareAbort'] })
      expect(listed).toMatchObject({ transactions: [], unavailable: new Map() })
      expect((await listTransactions(admin, { prefix }))?.transactions).toHaveLength(240)
      await fenceTransactionalIds(admin, ids)
    })
    const outcomes = await Promise.all(transactions.map((own) => own.commit().catch((error: unknown) => error)))
    for (const outcome of outcomes) expect(kafkaErrors.classify(outcome).fault).toBe('fenced')
  })

  it('are listed by state and prefix, and described', async () => {
    const topic = await createTopic(2)
    const prefix = uniqueName('id')
    const transaction = await (await connect(`${prefix}.open`)).transaction()
    await transaction.send({ topic, messages: [{ value: 'x', partition: 1 }] })
    await (await (await connect(`${prefix}.ready`)).transaction()).abort()
    await withAdmin(async (admin) => {
      const listed = await listTransactions(admin, { prefix, states: ['Ongoing'] })
      expect(listed?.transactions).toMatchObject([{ transactionalId: `${prefix}.open`, state: 'Ongoing' }])
      const described = await describeTransactions(admin, [`${prefix}.open`, `${prefix}.never`])
      expect([...(described?.keys() ?? [])]).toEqual([`${prefix}.open`])
      const open = described?.get(`${prefix}.open`)
      expect(open).toMatchObject({ state: 'Ongoing', timeoutMs: 30_000, topics: [{ topic, partitions: [1] }] })
      expect(open?.startedAtMs).toBeGreaterThan(0)
    })
    await transaction.abort()
  })
})
