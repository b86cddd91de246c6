import { FakeBroker } from '@valence/testing/kafka/fake-broker'
import { expect, it } from 'vitest'
import type { TopicPartition } from '../../../src/kafka/topic-partition.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { type KnownPosition, startingPosition, warnOfPosition } from '../../../src/pipeline/starting-position.ts'

const partition: TopicPartition = { topic: 'texts', partition: 1 }

/** Opens the partition `times` times; where the last session begins. */
async function start(broker: FakeBroker, policy: 'earliest' | 'latest', times = 1) {
  for (let time = 1; time < times; time += 1) await broker.open(partition)
  return startingPosition(partition, await broker.open(partition), broker, policy)
}

function brokerWithRecords(): FakeBroker {
  const broker = new FakeBroker()
  broker.append(partition, ['a', 'b', 'c', 'd'])
  broker.truncate(partition, 1n)
  return broker
}

it.each([
  ['earliest', 1n],
  ['latest', 4n],
] as const)('a partition that the group has never read begins at the %s record', async (policy, offset) => {
  const found = await start(brokerWithRecords(), policy)
  expect(found).toMatchObject({ offset, committed: false, lost: false })
})

it.each(['earliest', 'latest'] as const)(
  'a partition that is younger than the group begins at its first record under %s',
  async (policy) => {
    const broker = brokerWithRecords()
    broker.younger.add('texts-1')
    expect(await start(broker, policy)).toMatchObject({ offset: 1n, committed: false, lost: false })
  },
)

it('a younger partition that has a position continues there', async () => {
  const broker = brokerWithRecords()
  broker.younger.add('texts-1')
  broker.commit(partition, 3n, 'texts')
  expect(await start(broker, 'latest')).toMatchObject({ offset: 3n, committed: true })
})

it('a partition that was written for before and has no position has lost it', async () => {
  const broker = brokerWithRecords()
  expect(await start(broker, 'earliest', 2)).toMatchObject({ offset: 1n, committed: false, lost: true })
  broker.commit(partition, 3n, 'texts')
  expect(await start(broker, 'earliest')).toMatchObject({ offset: 3n, lost: false })
})

it('an owner that finds its offset deleted goes on from the position it knows, if the topic is the same', async () => {
  const broker = brokerWithRecords()
  const begin = async (known: KnownPosition) =>
    startingPosition(partition, await broker.open(partition), broker, 'latest', known)
  expect(await begin({ offset: 2n, topicId: 'texts' })).toMatchObject({ offset: 2n, committed: false, lost: true })
  expect(await begin({ offset: 2n, topicId: 'earlier' })).toMatchObject({ offset: 1n, recreated: true, lost: false })
  await expect(begin({ offset: 0n, topicId: 'texts' })).rejects.toMatchObject({ code: 'VAL_KAFKA_OFFSET_GAP' })
  broker.commit(partition, 3n, 'texts')
  expect(await begin({ offset: 2n, topicId: 'texts' })).toMatchObject({ offset: 3n, committed: true, lost: false })
})

it('an owner that finds its offset set back says so, and one that finds it further on does not', async () => {
  const broker = brokerWithRecords()
  broker.commit(partition, 2n, 'texts')
  const position = await start(broker, 'earliest')
  const linesFor = (known: KnownPosition) => {
    const lines: unknown[] = []
    const logger = createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) })
    warnOfPosition(logger, partition, position, known)
    return lines
  }
  expect(linesFor({ offset: 4n, topicId: 'texts' })).toMatchObject([
    { ...partition, offset: '2', last: '4', msg: 'the position was set back, the records from there are scored again' },
  ])
  expect(linesFor({ offset: 2n, topicId: 'texts' })).toEqual([])
  expect(linesFor({ offset: 1n, topicId: 'texts' })).toEqual([])
})
