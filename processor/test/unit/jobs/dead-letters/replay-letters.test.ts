import type { Admin } from '@valence/producer-sdk/kafka'
import { deadLetterHeaders, ValenceError } from '@valence/schemas'
import { FakeBroker } from '@valence/testing/kafka/fake-broker'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../../../src/config/config.ts'
import { replayLetters } from '../../../../src/jobs/dead-letters/replay-letters.ts'
import type { KafkaRecord } from '../../../../src/kafka/record.ts'
import type { PartitionRange } from '../../../../src/kafka/topic-reader.ts'

const cluster = vi.hoisted(() => ({ broker: undefined as unknown, letters: [] as KafkaRecord[] }))
vi.mock('../../../../src/jobs/partition-sessions.ts', async (original) => ({
  ...(await original<object>()),
  sessionOpener: () => (partition: never) => broker().open(partition),
}))
vi.mock('../../../../src/jobs/read-ranges.ts', () => ({
  async *readRanges(_: unknown, __: unknown, topic: string, ranges: readonly PartitionRange[]) {
    for (const { partition, from, to } of ranges) {
      const records = cluster.letters.filter(({ offset }) => offset >= from && offset < to)
      yield { topic, partition, fetchedOffset: from, nextOffset: to, records }
    }
  },
}))

const broker = () => cluster.broker as FakeBroker

/** A dead letter of a record of `topic`. */
function letter(offset: number, value: string, topic = 'texts'): KafkaRecord {
  const headers = deadLetterHeaders([], {
    code: 'VAL_TEXT_EMPTY',
    message: 'why',
    origin: { topic, partition: 0, offset: String(offset), timestamp: 1 },
    failedAt: 1,
  })
  return kafkaRecord(offset, { value: Buffer.from(value), headers })
}

const admin = {
  fetchTopicOffsets: async () => {
    const high = String(cluster.letters.length)
    return [{ partition: 0, offset: high, high, low: '0' }]
  },
  fetchTopicMetadata: async ({ topics }: { topics: string[] }) => ({
    topics: topics.map((name) => ({ name, partitions: name === 'gone' ? [] : [{}] })),
  }),
} as unknown as Admin

function replay(limit = Number.POSITIVE_INFINITY) {
  const config = readConfig({ VALENCE_DEAD_LETTER_TOPIC: 'dead' })
  const progress = { start: () => undefined, update: () => undefined }
  const filter = { codes: undefined, since: 0, until: Number.POSITIVE_INFINITY }
  return replayLetters(
    { config, admin, signal: new AbortController().signal, progress },
    { filter, groupId: 'r', limit },
  )
}

const sent = () => broker().published.map(({ topic, value }) => [topic, String(value)])

beforeEach(() => {
  cluster.broker = new FakeBroker()
  cluster.letters = [letter(0, 'a'), letter(1, 'b'), letter(2, 'c')]
})

describe('replayLetters', () => {
  it('sends each letter back once, however often it runs', async () => {
    expect(await replay()).toEqual({ counts: { replayed: 3, skipped: 0, refused: 0 }, refused: [] })
    expect(await replay()).toMatchObject({ counts: { replayed: 0 } })
    expect(sent()).toEqual([
      ['texts', 'a'],
      ['texts', 'b'],
      ['texts', 'c'],
    ])
  })

  it('leaves those beyond the limit to the next run', async () => {
    expect(await replay(2)).toMatchObject({ counts: { replayed: 2 } })
    expect(await replay()).toMatchObject({ counts: { replayed: 1 } })
    expect(sent().map(([, value]) => value)).toEqual(['a', 'b', 'c'])
  })

  it('puts a letter behind the others whose topic is gone, and names it', async () => {
    cluster.letters = [letter(0, 'a', 'gone'), letter(1, 'b')]
    const { counts, refused } = await replay()
    expect(counts).toEqual({ replayed: 1, skipped: 0, refused: 1 })
    expect(refused).toEqual([{ topic: 'gone', code: 'VAL_KAFKA_TOPIC_MISSING', letters: ['0:0'] }])
    expect(sent()).toEqual([
      ['texts', 'b'],
      ['dead', 'a'],
    ])
  })

  it('finds the letter that the broker refuses, and sends the others once', async () => {
    broker().beforePublish = (records) => {
      const isRefused = records.some(({ topic, value }) => topic === 'texts' && String(value) === 'b')
      if (isRefused) throw new ValenceError('VAL_RECORD_REFUSED_BY_BROKER')
    }
    const { counts, refused } = await replay()
    expect(counts).toEqual({ replayed: 2, skipped: 0, refused: 1 })
    expect(refused).toEqual([{ topic: 'texts', code: 'VAL_RECORD_REFUSED_BY_BROKER', letters: ['0:1'] }])
    expect(sent()).toEqual([
      ['texts', 'a'],
      ['dead', 'b'],
      ['texts', 'c'],
    ])
    expect(broker().committed({ topic: 'dead', partition: 0 })).toBe(3n)
  })

  it('blames no letter for a cluster that fails', async () => {
    broker().beforePublish = () => {
      throw new ValenceError('VAL_KAFKA_UNREACHABLE')
    }
    await expect(replay()).rejects.toMatchObject({ code: 'VAL_KAFKA_UNREACHABLE' })
    expect(sent()).toEqual([])
  })
})
