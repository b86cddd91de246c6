import type { Admin } from '@valence/producer-sdk/kafka'
import { recordHeader } from '@valence/schemas'
import { FakeBroker } from '@valence/testing/kafka/fake-broker'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../../../src/config/config.ts'
import type { BulkObject } from '../../../../src/jobs/bulk/bulk-source.ts'
import { jobHeader } from '../../../../src/jobs/bulk/load-object.ts'
import { type BulkRequest, BulkRun } from '../../../../src/jobs/bulk/run-bulk.ts'
import type { PartitionRange } from '../../../../src/kafka/topic-reader.ts'

/** One broker for each group, since each has positions of its own; the topics of the results are `scored`. */
const cluster = vi.hoisted(() => ({ brokers: new Map<string, unknown>(), scored: [] as string[], isScoring: true }))
vi.mock('../../../../src/jobs/partition-sessions.ts', () => ({
  sessionOpener: (_: unknown, __: unknown, groupId: string) => (partition: never) => brokerOf(groupId).open(partition),
}))
vi.mock('../../../../src/jobs/read-ranges.ts', () => ({
  async *readRanges(_: unknown, __: unknown, topic: string, ranges: readonly PartitionRange[]) {
    for (const { partition, from, to } of ranges.filter((range) => range.from < range.to)) {
      const records = cluster.scored
        .slice(Number(from), Number(to))
        .map((fingerprint, at) => kafkaRecord(Number(from) + at, { headers: [recordHeader(jobHeader, fingerprint)] }))
      yield { topic, partition, fetchedOffset: from, nextOffset: to, records }
    }
  },
}))

function brokerOf(groupId: string): FakeBroker {
  const broker = (cluster.brokers.get(groupId) as FakeBroker | undefined) ?? new FakeBroker()
  cluster.brokers.set(groupId, broker)
  return broker
}

const config = readConfig({ VALENCE_INPUT_TOPICS: 'texts', VALENCE_OUTPUT_TOPIC: 'out', VALENCE_KAFKA_GROUP_ID: 'g' })
const place = { topic: 'texts', partition: 0 }
const sent = () => [...cluster.brokers.values()].flatMap((own) => (own as FakeBroker).published)

/** Every text that was sent has its result, where processors run. */
function score(): string[] {
  if (cluster.isScoring) cluster.scored = sent().map(({ headers }) => String(headers[0]?.value))
  return cluster.scored
}

const admin = {
  listTopics: async () => ['texts', 'out', config.deadLetterTopic],
  fetchTopicMetadata: async () => ({ topics: [{ name: 'texts', partitions: [{}] }] }),
  async fetchTopicOffsets(topic: string) {
    const high = topic === 'out' ? String(score().length) : '0'
    return [{ partition: 0, offset: high, high, low: '0' }]
  },
  fetchTopicOffsetsByTimestamp: async () => [{ partition: 0, offset: '0' }],
} as unknown as Admin

function objectOf(fingerprint: string, lines: readonly string[]): BulkObject {
  const content = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  async function* chunks() {
    yield content
  }
  return {
    uri: `file:///${fingerprint}.txt`,
    bytes: content.length,
    modifiedAt: 1,
    fingerprint,
    open: async () => chunks(),
  }
}

function run(objects: readonly BulkObject[], signal = new AbortController().signal) {
  const request: BulkRequest = {
    topic: 'texts',
    format: 'text',
    key: undefined,
    stillMs: 10,
    onLineProblem: () => undefined,
    onObjectProblem: () => undefined,
  }
  const progress = { start: () => undefined, update: () => undefined }
  return new BulkRun({ config, admin, signal, progress }, request).run(objects)
}

const numbered = (count: number) => Array.from({ length: count }, (_, index) => `good ${index}`)
const textsSent = () => sent().map(({ value }) => JSON.parse(String(value)).text)

beforeEach(() => {
  cluster.brokers.clear()
  cluster.scored = []
  cluster.isScoring = true
})

describe('a bulk run', () => {
  it('sends the lines of all objects, counts their results, and passes over finished objects', async () => {
    const objects = [objectOf('a', numbered(3)), objectOf('b', ['bad'])]
    const all = { isComplete: true, objects: 2, skipped: 0, texts: 4, scored: 4, deadLettered: 0 }
    expect(await run(objects)).toEqual(all)
    expect(await run(objects)).toEqual({ ...all, skipped: 2, texts: 0, scored: 0 })
    expect(textsSent()).toEqual(['good 0', 'good 1', 'good 2', 'bad'])
  })

  it('goes on in the middle of an object, and sends no line twice', async () => {
    const object = objectOf('a', numbered(1_200))
    const stop = new AbortController()
    // Killed while the second transaction is under way.
    brokerOf('g.bulk.a').beforePublish = () => {
      if (sent().length === 0) return
      stop.abort()
      throw new Error('killed')
    }
    await expect(run([object], stop.signal)).rejects.toThrow('killed')
    expect(sent()).toHaveLength(500)
    brokerOf('g.bulk.a').beforePublish = () => undefined
    expect(await run([object])).toMatchObject({ isComplete: true, skipped: 0, texts: 1_200, scored: 1_200 })
    expect(textsSent()).toEqual(numbered(1_200))
  })

  it('is not complete, and not finished, while results are missing', async () => {
    cluster.isScoring = false
    expect(await run([objectOf('a', numbered(2))])).toMatchObject({ isComplete: false, texts: 2, scored: 0 })
    cluster.isScoring = true
    expect(await run([objectOf('a', numbered(2))])).toMatchObject({ isComplete: true, skipped: 0, scored: 2 })
    expect(sent()).toHaveLength(2)
  })

  it('takes over what an earlier version committed in the offset', async () => {
    brokerOf('g.bulk.finished').commit(place, (1n << 50n) + 2n, 'texts')
    brokerOf('g.bulk.begun').commit(place, (1n << 51n) + 1n, 'texts')
    const objects = [objectOf('finished', numbered(2)), objectOf('begun', numbered(3))]
    expect(await run(objects)).toMatchObject({ isComplete: true, skipped: 1, texts: 2, scored: 2 })
    expect(textsSent()).toEqual(['good 1', 'good 2'])
    expect(brokerOf('g.bulk.begun').committed(place)).toBe(3n)
    expect(await run(objects)).toMatchObject({ skipped: 2 })
  })
})
