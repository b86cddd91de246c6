import type { Admin } from '@valence/producer-sdk/kafka'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../../../src/config/config.ts'
import { readManifest } from '../../../../src/jobs/backup/backup-manifest.ts'
import type { BackupStorage } from '../../../../src/jobs/backup/backup-storage.ts'
import { createBackup } from '../../../../src/jobs/backup/create-backup.ts'
import type { PartitionRange } from '../../../../src/kafka/topic-reader.ts'

/** A cluster whose topics have one partition, and what was asked of it, in order. */
const cluster = vi.hoisted(() => ({
  asked: [] as string[],
  ends: {} as Record<string, number>,
  fails: undefined as Error | undefined,
}))
vi.mock('../../../../src/jobs/read-ranges.ts', () => ({
  async *readRanges(_: unknown, __: unknown, topic: string, ranges: readonly PartitionRange[]) {
    cluster.asked.push(`records of ${topic} from ${ranges[0]?.from}`)
    if (topic === 'texts' && cluster.fails) throw cluster.fails
    for (const { partition, from, to } of ranges.filter((own) => own.from < own.to)) {
      const records = Array.from({ length: Number(to - from) }, (_, at) => kafkaRecord(Number(from) + at))
      yield { topic, partition, fetchedOffset: from, nextOffset: to, records }
    }
  },
}))

const noAuthorizer = Object.assign(new Error('none'), { type: 'SECURITY_DISABLED' })
const admin = {
  listTopics: async () => Object.keys(cluster.ends),
  fetchTopicMetadata: async ({ topics }: { topics: string[] }) => ({
    topics: topics.map((name) => ({ name, partitions: [{ replicas: [1], leader: 1 }] })),
  }),
  describeConfigs: async () => ({ resources: [] }),
  describeCluster: async () => ({ clusterId: 'here', brokers: [{}] }),
  listGroups: async () => ({ groups: [{ groupId: 'g' }, { groupId: 'g.bulk.a' }] }),
  async fetchOffsets({ groupId }: { groupId: string }) {
    cluster.asked.push(`positions of ${groupId}`)
    const metadata = groupId === 'g' ? '' : 'lines=2@refused=0@finished'
    return [{ topic: 'texts', partitions: [{ partition: 0, offset: '2', metadata }] }]
  },
  async fetchTopicOffsets(topic: string) {
    cluster.asked.push(`ends of ${topic}`)
    const high = String(cluster.ends[topic])
    return [{ partition: 0, offset: high, high, low: '0' }]
  },
  describeAcls: () => Promise.reject(noAuthorizer),
} as unknown as Admin

function openStorage() {
  const pieces = new Map<string, Buffer>()
  const storage: BackupStorage = {
    put: async (name, bytes) => void pieces.set(name, bytes),
    get: async (name) => pieces.get(name),
    list: async (prefix) => [...pieces.keys()].filter((name) => name.startsWith(prefix)),
  }
  return {
    storage,
    segments: () => [...pieces.keys()].filter((name) => name.startsWith('records/')).map((name) => name.slice(8)),
  }
}

const config = readConfig({
  ...{ VALENCE_INPUT_TOPICS: 'texts', VALENCE_OUTPUT_TOPIC: 'out', VALENCE_DEAD_LETTER_TOPIC: 'dead' },
  ...{ VALENCE_KAFKA_GROUP_ID: 'g', VALENCE_MODEL_STORE: '/nowhere' },
})

beforeEach(() => Object.assign(cluster, { asked: [], ends: { texts: 5, out: 2 }, fails: undefined }))

describe('createBackup', () => {
  it('reads the ends of results, then positions, then records', async () => {
    await createBackup(config, admin, openStorage().storage, true)
    const first = (what: string) => cluster.asked.indexOf(what)
    expect(first('ends of out')).toBe(0)
    expect(first('positions of g')).toBeGreaterThan(first('ends of out'))
    expect(first('records of texts from 2')).toBeGreaterThan(first('positions of g'))
  })

  it('keeps of the inputs what is not scored, and what is new in a later backup', async () => {
    const { storage, segments } = openStorage()
    expect(await createBackup(config, admin, storage, true)).toMatchObject({ records: 5, failures: [] })
    cluster.ends = { texts: 6, out: 2 }
    expect(await createBackup(config, admin, storage, true)).toMatchObject({ records: 1 })
    expect(segments().map((name) => name.replaceAll(/0{5,}/g, ''))).toEqual([
      'out/0/-2.jsonl.gz',
      'texts/0/2-5.jsonl.gz',
      'texts/0/5-6.jsonl.gz',
    ])
  })

  it('writes positions, settled ends, and the progress of bulk jobs', async () => {
    const { storage, segments } = openStorage()
    const { manifest } = await createBackup(config, admin, storage, false)
    expect(manifest).toMatchObject({
      groups: { g: { 'texts-0': '2' }, 'g.bulk.a': { 'texts-0': '2' } },
      lineProgress: { 'g.bulk.a': { 'texts-0': { lines: 2n, refused: 0, isFinished: true } } },
      settled: { 'out-0': '2' },
      kept: {},
    })
    expect(segments()).toEqual([])
    expect(await readManifest(storage)).toEqual(manifest)
  })

  it('still has what it kept of a topic that cannot be read now', async () => {
    const { storage } = openStorage()
    await createBackup(config, admin, storage, true)
    cluster.ends = { texts: 9, out: 3 }
    cluster.fails = Object.assign(new Error('denied'), {
      name: 'KafkaJSProtocolError',
      type: 'TOPIC_AUTHORIZATION_FAILED',
    })
    const { manifest, failures } = await createBackup(config, admin, storage, true)
    expect(failures).toMatchObject([{ topic: 'texts', error: { code: 'VAL_KAFKA_NOT_AUTHORISED' } }])
    expect(manifest.kept).toEqual({ 'texts-0': '5', 'out-0': '3' })
  })
})
