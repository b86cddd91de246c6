import { gzipSync } from 'node:zlib'
import type { Admin } from '@valence/producer-sdk/kafka'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../../../src/config/config.ts'
import type { BackupManifest } from '../../../../src/jobs/backup/backup-manifest.ts'
import type { BackupStorage } from '../../../../src/jobs/backup/backup-storage.ts'
import { toLine } from '../../../../src/jobs/backup/kept-line.ts'
import { Restore } from '../../../../src/jobs/backup/restore-backup.ts'

interface Position {
  readonly consumerGroupId: string
  readonly topics: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[]
}

const cluster = vi.hoisted(() => ({ positions: [] as Position[], sent: [] as [string, number, string][] }))
vi.mock('../../../../src/jobs/with-producer.ts', () => ({
  withProducer: (_: unknown, __: unknown, ___: unknown, work: (producer: unknown) => Promise<unknown>) =>
    work({
      async send({ topic, messages }: { topic: string; messages: { partition: number; value: Buffer }[] }) {
        for (const { partition, value } of messages) cluster.sent.push([topic, partition, String(value)])
      },
      transaction: async () => ({
        sendOffsets: async (position: Position) => void cluster.positions.push(position),
        commit: async () => undefined,
      }),
    }),
}))

const config = readConfig({ VALENCE_INPUT_TOPICS: 'texts', VALENCE_OUTPUT_TOPIC: 'out', VALENCE_KAFKA_GROUP_ID: 'g' })
const manifest: BackupManifest = {
  ...{ version: 2, at: 1, topics: [], groups: {}, lineProgress: {}, acls: [], kept: {}, settled: {}, segments: {} },
  ...{ schemas: [], compatibility: {}, models: [] },
}

/** An empty cluster unless `high` says that its topics hold records. */
function restore(fields: Partial<BackupManifest>, segments: Readonly<Record<string, Buffer>> = {}, high = '0') {
  const admin = {
    listTopics: async () => (fields.topics ?? []).map(({ topic }) => topic),
    describeCluster: async () => ({ brokers: [{}] }),
    fetchTopicOffsets: async () => [{ partition: 0, offset: high, high, low: '0' }],
    fetchTopicMetadata: async () => ({ topics: [] }),
  } as unknown as Admin
  const storage = {
    list: async (prefix: string) => Object.keys(segments).filter((name) => name.startsWith(prefix)),
    get: async (name: string) => segments[name],
  } as unknown as BackupStorage
  return new Restore(config, admin, storage, { ...manifest, ...fields }).run()
}

const segmentOf = (...offsets: number[]) =>
  gzipSync(`${offsets.map((offset) => toLine(kafkaRecord(offset))).join('\n')}\n`)
const committed = () =>
  cluster.positions.map(({ consumerGroupId, topics }) => [
    consumerGroupId,
    ...topics.flatMap((own) => own.partitions.map((one) => ({ topic: own.topic, ...one }))),
  ])

beforeEach(() => {
  cluster.positions = []
  cluster.sent = []
})

describe('the positions of groups', () => {
  it('of bulk jobs come back as they were, with their progress', async () => {
    await restore({
      groups: { 'g.bulk.now': { 'texts-0': '4' }, 'g.bulk.before': { 'texts-0': String((1n << 50n) + 4n) } },
      lineProgress: { 'g.bulk.now': { 'texts-0': { lines: 4n, refused: 1, isFinished: true } } },
    })
    expect(committed()).toEqual([
      ['g.bulk.now', { topic: 'texts', partition: 0, offset: '4', metadata: 'lines=4@refused=1@finished' }],
      ['g.bulk.before', { topic: 'texts', partition: 0, offset: '1125899906842628', metadata: null }],
    ])
  })

  it('of replays are over, and those on topics whose records were not kept mean nothing', async () => {
    const groups = { 'g.replay': { 'dead-0': '4' }, g: { 'texts-0': '9' } }
    expect(await restore({ groups })).toMatchObject({ groups: 0 })
    expect(committed()).toEqual([])
  })

  it('are counted anew from the records that came back', async () => {
    const name = 'records/texts/0/a.jsonl.gz'
    const restored = await restore(
      { groups: { g: { 'texts-0': '12' }, other: { 'texts-0': '14' } }, kept: { 'texts-0': '20' } },
      { [name]: segmentOf(10, 11, 12, 15) },
    )
    // Of the inputs, those below the position of the processors are done.
    expect(cluster.sent).toEqual([
      ['texts', 0, 'text 12'],
      ['texts', 0, 'text 15'],
    ])
    expect(restored).toMatchObject({ records: 2, groups: 2, failures: [] })
    expect(committed()).toMatchObject([
      ['g', { offset: '0' }],
      ['other', { offset: '1' }],
    ])
  })
})

it('a cluster that holds records is left alone', async () => {
  const topics = [{ topic: 'texts', partitions: 1, replication: 1, settings: {} }]
  const groups = { 'g.bulk.a': { 'texts-0': '4' } }
  await expect(restore({ topics, groups }, {}, '1')).rejects.toMatchObject({ code: 'VAL_BACKUP_INVALID' })
  expect(committed()).toEqual([])
})
