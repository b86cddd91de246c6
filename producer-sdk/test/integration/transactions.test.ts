import { afterEach, describe, expect, it } from 'vitest'
import { fetchStableOffsets, kafkaErrors, type Producer } from '../../src/kafka/index.ts'
import { createClient, createTopic, readTopic, readValues, uniqueName, withAdmin } from '../support/real-kafka.ts'

const producers: Producer[] = []

async function connect(transactionalId: string, transactionTimeout = 30_000): Promise<Producer> {
  const producer = createClient().producer({ transactionalId, transactionTimeout, retry: { retries: 0 } })
  producers.push(producer)
  await producer.connect()
  return producer
}

function offsetsOf(topic: string, offset: number, partition = 0) {
  return [{ topic, partitions: [{ partition, offset: String(offset) }] }]
}

describe('transactions on a real broker', () => {
  afterEach(async () => {
    await Promise.all(producers.splice(0).map((producer) => producer.disconnect()))
  })

  it('follow one another without pause, over several partitions, with offsets', async () => {
    const topic = await createTopic(4)
    const group = uniqueName('group')
    const producer = await connect(uniqueName('id'))
    const expected: string[] = []
    for (let round = 0; round < 30; round += 1) {
      const isCommit = round % 5 !== 4
      const values = Array.from({ length: 40 }, (_, index) => `${round}-${index}`)
      const transaction = await producer.transaction()
      await transaction.sendOffsets({ consumerGroupId: group, topics: offsetsOf(topic, round + 1) })
      const messages = values.map((value, index) => ({ value, partition: index % 4 }))
      expect(await transaction.send({ topic, messages })).toHaveLength(4)
      await (isCommit ? transaction.commit() : transaction.abort())
      if (isCommit) expected.push(...values)
    }
    expect((await readValues(topic)).sort()).toEqual(expected.sort())
    const offsets = await withAdmin((admin) => fetchStableOffsets(admin, { groupId: group, topic, partitions: [0, 1] }))
    // The last round was aborted.
    expect([...offsets]).toMatchObject([
      [0, { offset: 29n }],
      [1, { offset: -1n }],
    ])
  })

  it('take sends of several callers at the same time', async () => {
    const topic = await createTopic(4)
    const transaction = await (await connect(uniqueName('id'))).transaction()
    const values = Array.from({ length: 40 }, (_, index) => String(index))
    await Promise.all(
      values.map((value, index) => transaction.send({ topic, messages: [{ value, partition: index % 4 }] })),
    )
    await transaction.commit()
    expect((await readValues(topic)).sort()).toEqual(values.sort())
  })

  it('are fenced by the next producer of the same id, for good', async () => {
    const topic = await createTopic()
    const id = uniqueName('id')
    const zombie = await connect(id)
    const abandoned = await zombie.transaction()
    await abandoned.send({ topic, messages: [{ value: 'zombie' }] })

    const successor = await connect(id)
    const transaction = await successor.transaction()
    await transaction.send({ topic, messages: [{ value: 'successor' }] })
    await transaction.commit()

    const refused = await abandoned.commit().catch((error: unknown) => error)
    expect(kafkaErrors.classify(refused).fault).toBe('fenced')
    const again = await zombie.transaction().catch((error: unknown) => error)
    expect(kafkaErrors.classify(again).fault).toBe('fenced')
    expect(await readValues(topic)).toEqual(['successor'])
  })

  it('that expired at the broker leave a producer that can be replaced', async () => {
    const topic = await createTopic()
    const id = uniqueName('id')
    const transaction = await (await connect(id, 1_000)).transaction()
    await transaction.send({ topic, messages: [{ value: 'late' }] })
    // The broker looks for expired transactions every few seconds; the next producer ends it sooner.
    const next = await (await connect(id, 1_000)).transaction()
    await expect(transaction.commit()).rejects.toThrow()
    await next.send({ topic, messages: [{ value: 'next' }] })
    await next.commit()
    expect(await readValues(topic)).toEqual(['next'])
  })

  it('read a position that a predecessor was about to commit only once it is decided', async () => {
    const topic = await createTopic()
    const group = uniqueName('group')
    const id = uniqueName('id')
    for (let round = 1; round <= 20; round += 1) {
      const transaction = await (await connect(id)).transaction()
      await transaction.sendOffsets({ consumerGroupId: group, topics: offsetsOf(topic, round) })
      // Not awaited: the successor arrives while the commit is on its way, and one of the two wins.
      const outcome = transaction.commit().then(
        () => true,
        () => false,
      )
      await (await connect(id)).transaction()
      const read = await withAdmin((admin) => fetchStableOffsets(admin, { groupId: group, topic, partitions: [0] }))
      const isCommitted = read.get(0)?.offset === BigInt(round)
      if (await outcome) expect(isCommitted).toBe(true)
      const later = await withAdmin((admin) => fetchStableOffsets(admin, { groupId: group, topic, partitions: [0] }))
      expect(later.get(0)).toEqual(read.get(0))
    }
  })
})

describe('idempotent producers on a real broker', () => {
  it('keep the order of overlapping sends', async () => {
    const topic = await createTopic()
    const producer = createClient().producer({ idempotent: true })
    await producer.connect()
    const values = Array.from({ length: 200 }, (_, index) => String(index))
    await Promise.all(values.map((value) => producer.send({ topic, messages: [{ value, partition: 0 }] })))
    await producer.disconnect()
    expect(await readValues(topic)).toEqual(values)
  })

  it('go on after a record that the broker refuses', async () => {
    const topic = await createTopic()
    const producer = createClient().producer({ idempotent: true })
    await producer.connect()
    const refused = producer.send({ topic, messages: [{ value: Buffer.alloc(2_000_000, 'x') }] })
    await expect(refused).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' })
    await producer.send({ topic, messages: [{ value: 'next', partition: 0 }] })
    await producer.disconnect()
    expect((await readTopic(topic)).map(({ value }) => value)).toEqual(['next'])
  })
})
