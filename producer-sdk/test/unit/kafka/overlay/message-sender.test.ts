import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { answerLost, FakeKafka, type Fault, refusal, topic } from '../../../support/fake-kafka.ts'
import { createSender, type Kind } from '../../../support/senders.ts'

const first = { partition: 0, value: 'first' }
const second = { partition: 1, value: 'second' }
const codes = { messageTooLarge: 10, notEnoughReplicas: 19 }

/** Holds an answer back until `open`. */
function gate(): { fault: Fault; open: () => void; reached: Promise<void> } {
  const opened = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  const fault: Fault = async (proceed) => {
    reached.resolve()
    await opened.promise
    return proceed()
  }
  return { fault, open: opened.resolve, reached: reached.promise }
}

/** Leader of partition 1 moves to the broker that has already acknowledged partition 0. */
async function leaderMovesToAnsweredBroker(kind: Kind) {
  const fake = new FakeKafka([1, 2], { refusesOverlap: false })
  const sender = await createSender(kind, fake, 'transactional')
  fake.moveLeader(1, 1)
  const acknowledged = await sender.send(first, second)
  return { fake, acknowledged }
}

describe('A: a partition moves to a broker that has answered already', () => {
  it('is forgotten by stock kafkajs, which reports success', async () => {
    const { fake, acknowledged } = await leaderMovesToAnsweredBroker('stock')
    expect(acknowledged.map(({ partition }) => partition)).toEqual([0])
    expect(fake.values(1)).toEqual([])
  })

  it('is sent to its new leader', async () => {
    const { fake, acknowledged } = await leaderMovesToAnsweredBroker('overlay')
    expect(acknowledged.map(({ partition }) => partition).sort()).toEqual([0, 1])
    expect([fake.values(0), fake.values(1)]).toEqual([['first'], ['second']])
  })
})

/** Broker 2 refuses at once while broker 1 has not answered yet. */
async function oneBrokerFailsWhileAnotherIsSlow(kind: Kind) {
  const fake = new FakeKafka([1, 2], { refusesOverlap: false })
  const sender = await createSender(kind, fake, 'transactional')
  const slow = gate()
  fake.fail(1, 'Produce', slow.fault)
  const retried = Promise.withResolvers<void>()
  fake.fail(2, 'Produce', refusal(codes.notEnoughReplicas), (proceed) => {
    retried.resolve()
    return proceed()
  })
  const sent = sender.send(first, second)
  await slow.reached
  // The overlay must not retry before broker 1 has answered, so there is nothing to wait for but time.
  await Promise.race([retried.promise, delay(50)])
  slow.open()
  await sent
  return fake
}

describe('B: one broker fails while another is slow', () => {
  it('makes stock kafkajs write the slow one twice in one transaction', async () => {
    expect((await oneBrokerFailsWhileAnotherIsSlow('stock')).values(0)).toEqual(['first', 'first'])
  })

  it('waits for the slow one and sends the failed one again', async () => {
    const fake = await oneBrokerFailsWhileAnotherIsSlow('overlay')
    expect([fake.values(0), fake.values(1)]).toEqual([['first'], ['second']])
  })
})

describe('C: a partition that the topic does not have', () => {
  it('is dropped by stock kafkajs, which reports success', async () => {
    const sender = await createSender('stock', new FakeKafka([1, 2]), 'transactional')
    await expect(sender.send({ partition: 7, value: 'lost' })).resolves.toEqual([])
  })

  it('rejects, and names the partition', async () => {
    const sender = await createSender('overlay', new FakeKafka([1, 2]), 'transactional', 1)
    await expect(sender.send({ partition: 7, value: 'lost' })).rejects.toThrow(`Topic ${topic} has no partition 7`)
  })
})

/** The answer to the first of two sends is lost with its connection while the second waits for its turn. */
async function answerIsLostWhileAnotherSendWaits(kind: Kind) {
  const fake = new FakeKafka([1])
  const sender = await createSender(kind, fake, 'idempotent')
  const slow = gate()
  fake.fail(1, 'Produce', async (proceed) => slow.fault(() => answerLost(proceed)))
  const sends = [sender.send({ value: 'one' })]
  await slow.reached
  sends.push(sender.send({ value: 'two' }))
  await turn()
  slow.open()
  await Promise.all(sends)
  return fake
}

describe('sequence numbers of overlapping sends', () => {
  it('are given out twice by stock kafkajs: one record is lost, another doubled', async () => {
    expect((await answerIsLostWhileAnotherSendWaits('stock')).values(0)).toEqual(['one', 'one'])
  })

  it('stay with their batch, so that each record is written once and in order', async () => {
    expect((await answerIsLostWhileAnotherSendWaits('overlay')).values(0)).toEqual(['one', 'two'])
  })
})

describe('MessageSender', () => {
  it.each([
    ['stock', ['first', 'first']],
    ['overlay', ['first']],
  ] as const)('tells apart what one broker wrote and what it refused (%s: %j)', async (kind, written) => {
    const fake = new FakeKafka([1, 1])
    const sender = await createSender(kind, fake, 'plain')
    fake.moveLeader(1, 2)
    await sender.send(first, second)
    expect([fake.values(0), fake.values(1)]).toEqual([written, ['second']])
  })

  it('adds all partitions to the transaction in one request', async () => {
    const fake = new FakeKafka([1, 2])
    await (await createSender('overlay', fake, 'transactional')).send(first, second)
    expect(fake.count('AddPartitionsToTxn')).toBe(1)
  })

  it('has no rival: stock kafkajs asks once for each leader, and again because the coordinator refuses', async () => {
    const fake = new FakeKafka([1, 2])
    await (await createSender('stock', fake, 'transactional')).send(first, second)
    expect(fake.count('AddPartitionsToTxn')).toBeGreaterThan(2)
  })

  it('does not retry what the broker refuses for good', async () => {
    const fake = new FakeKafka([1])
    const sender = await createSender('overlay', fake, 'transactional')
    fake.fail(1, 'Produce', refusal(codes.messageTooLarge))
    await expect(sender.send(first)).rejects.toMatchObject({ type: 'MESSAGE_TOO_LARGE' })
    expect(fake.count('Produce')).toBe(1)
  })

  it('fails when the broker is silent about a partition', async () => {
    const fake = new FakeKafka([1])
    const sender = await createSender('overlay', fake, 'plain', 0)
    fake.fail(1, 'Produce', () => ({ topics: [] }))
    await expect(sender.send(first)).rejects.toThrow('did not answer for a partition')
  })

  it('takes a repeated batch for written', async () => {
    const fake = new FakeKafka([1])
    const sender = await createSender('overlay', fake, 'plain')
    const partitions = [{ partition: 0, errorCode: 46, baseOffset: '-1' }]
    fake.fail(1, 'Produce', () => ({ topics: [{ topicName: topic, partitions }] }))
    await expect(sender.send(first)).resolves.toHaveLength(1)
  })

  it('leaves only aborting to a transaction whose send failed, and starts the next one in a new epoch', async () => {
    const fake = new FakeKafka([1])
    const { manager, send } = await createSender('overlay', fake, 'transactional', 0)
    fake.fail(1, 'Produce', refusal(codes.notEnoughReplicas))
    await expect(send(first)).rejects.toThrow()
    await expect(send(first)).rejects.toThrow('tainted')
    await expect(manager.commit()).rejects.toThrow('tainted')
    await manager.abort()
    expect(manager.isInitialized()).toBe(false)
    await manager.initProducerId()
    expect(fake.count('InitProducerId')).toBe(2)
  })

  it('takes a new producer id after an idempotent send of unknown outcome', async () => {
    const fake = new FakeKafka([1])
    const sender = await createSender('overlay', fake, 'idempotent', 0)
    fake.fail(1, 'Produce', answerLost)
    await expect(sender.send(first)).rejects.toThrow()
    await sender.send({ partition: 0, value: 'next' })
    expect(fake.count('InitProducerId')).toBe(2)
  })

  it('keeps its order for the records of one partition', async () => {
    const fake = new FakeKafka([1])
    const sender = await createSender('overlay', fake, 'idempotent')
    const values = Array.from({ length: 20 }, (_, index) => String(index))
    await Promise.all(values.map((value) => sender.send({ partition: 0, value })))
    expect(fake.values(0)).toEqual(values)
  })

  it('groups records in linear time', async () => {
    const sender = await createSender('overlay', new FakeKafka([1]), 'plain')
    const messages = Array.from({ length: 50_000 }, () => first)
    const before = process.threadCpuUsage()
    await sender.send(...messages)
    const { user } = process.threadCpuUsage(before)
    // Stock kafkajs copies the list for each record: over 4 s of CPU for as many.
    expect(user / 1_000).toBeLessThan(1_500)
  })
})

describe('U: a partition without a leader', () => {
  it('is not sent to, and what is for the others arrives', async () => {
    const fake = new FakeKafka([1, -1], { refusesOverlap: false })
    const sender = await createSender('overlay', fake, 'idempotent')
    await expect(sender.send(first, second)).rejects.toMatchObject({ cause: { type: 'LEADER_NOT_AVAILABLE' } })
    expect([fake.values(0), fake.values(1)]).toEqual([['first'], []])
  })

  it('is sent to as soon as it has one', async () => {
    const fake = new FakeKafka([1, -1], { refusesOverlap: false })
    const sender = await createSender('overlay', fake, 'transactional')
    fake.moveLeader(1, 2)
    await sender.send(first, second)
    expect([fake.values(0), fake.values(1)]).toEqual([['first'], ['second']])
  })
})
