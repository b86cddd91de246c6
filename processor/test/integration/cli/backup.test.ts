import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compareOutput, expectExactlyOnce } from '@valence/testing/counting/invariants'
import { inventTexts, TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { serveBucket } from '@valence/testing/models/s3-bucket'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllCommands, runCliJson, runCliProcess } from '@valence/testing/processes/cli-process'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'

let kafka: TestKafka
let topics: TestTopics
let environment: Readonly<Record<string, string>>
let folder: string
let model: Awaited<ReturnType<typeof writeTinyModel>>

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
  model = await writeTinyModel()
})
beforeEach(async () => {
  topics = await kafka.createTopics({ partitions: 2 })
  folder = await mkdtemp(join(tmpdir(), 'valence-backup-'))
  environment = {
    ...topics.environment,
    VALENCE_MODEL: model.folder,
    VALENCE_MODEL_STORE: join(folder, 'store'),
    VALENCE_INFERENCE_WORKERS: '1',
  }
})
afterEach(async () => {
  killAllCommands()
  await killAllProcessors()
  await rm(folder, { recursive: true })
})
afterAll(async () => {
  await model.remove()
  await kafka.close()
})

interface Backup {
  readonly topics: number
  readonly groups: number
  readonly records: number
}

interface Restored extends Backup {
  readonly leftOut: number
}

const vault = () => join(folder, 'vault')
const create = (...args: string[]) => runCliJson<Backup>(['backup', 'create', vault(), ...args], { environment })
const restore = () => runCliJson<Restored>(['backup', 'restore', vault()], { environment })

/** What a lost cluster leaves: nothing. */
async function destroy(): Promise<void> {
  await kafka.admin.deleteTopics({ topics: [topics.input, topics.output, topics.deadLetters] })
  const { groups } = await kafka.admin.listGroups()
  const own = groups.map(({ groupId }) => groupId).filter((groupId) => groupId.startsWith(topics.groupId))
  await kafka.admin.deleteGroups(own)
  const gone = async () => !(await kafka.admin.listTopics()).includes(topics.input)
  await expect.poll(gone, { timeout: 30_000 }).toBe(true)
}

async function score(): Promise<void> {
  const processor = await new ProcessorProcess(environment).started()
  await kafka.drained(topics)
  expect(await processor.stop()).toBe(0)
}

describe('valence backup', () => {
  it('brings back how far bulk jobs have come: a finished one stays finished', async () => {
    const file = join(folder, 'texts.txt')
    await writeFile(file, 'good\nbad\n')
    const processor = await new ProcessorProcess(environment).started()
    expect(await runCliJson(['bulk', file], { environment })).toMatchObject({ skipped: 0, scored: 2 })
    expect(await processor.stop()).toBe(0)
    await create()
    await destroy()
    await restore()
    expect(await runCliJson(['bulk', file], { environment })).toMatchObject({ skipped: 1, texts: 0 })
  })

  it('brings back what was scored and what was not, each text once', async () => {
    const texts = inventTexts(900)
    await kafka.produce(topics.input, texts.slice(0, 300))
    await score()
    expect(await create()).toMatchObject({ topics: 3, groups: 1, records: 300 })
    await kafka.produce(topics.input, texts.slice(300, 600))
    await score()
    await kafka.produce(topics.input, texts.slice(600))
    // Inputs 300 to 900, results 300 to 600.
    expect(await create()).toMatchObject({ records: 900 })
    await destroy()

    expect(await restore()).toMatchObject({ topics: 3, records: 600 + 300, leftOut: 0 })
    await score()
    expectExactlyOnce(compareOutput(texts, await readCommitted(kafka.brokers, topics.output)))
  })

  it('leaves out the results of texts that were scored after their positions were read', async () => {
    const texts = inventTexts(400)
    await kafka.produce(topics.input, texts)
    const early = join(folder, 'early')
    await create()
    await cp(join(vault(), 'backup.json'), early)
    await score()
    await create()
    // As if the positions of the second backup had been read before anything was scored.
    const [before, after] = await Promise.all([readJson(early), readJson(join(vault(), 'backup.json'))])
    await writeFile(
      join(vault(), 'backup.json'),
      JSON.stringify({ ...after, groups: before.groups, settled: before.settled }),
    )
    await destroy()
    expect(await restore()).toMatchObject({ records: 400, leftOut: 400 })
    await score()
    expectExactlyOnce(compareOutput(texts, await readCommitted(kafka.brokers, topics.output)))
  })

  it('keeps a topic that was created again apart from the one before it', async () => {
    const texts = inventTexts(500)
    await kafka.produce(topics.input, texts.slice(0, 300))
    await score()
    await kafka.produce(topics.input, texts.slice(300, 320))
    expect(await create()).toMatchObject({ records: 320 })
    await kafka.admin.deleteTopics({ topics: [topics.input] })
    // Waiting for leaders may fail where the topic was created, and it would count as existing from then on.
    const createAgain = () =>
      kafka.admin.createTopics({ topics: [{ topic: topics.input, numPartitions: 2 }], waitForLeaders: false })
    await expect.poll(() => createAgain().catch(() => false), { timeout: 30_000 }).toBe(true)
    // Fewer than there were, so that each lies below what was kept of the old topic.
    const ofNew = await TestKafka.connect(kafka.brokers)
    await ofNew.produce(topics.input, texts.slice(320, 400))
    await ofNew.close()
    await score()
    const last = await TestKafka.connect(kafka.brokers)
    await last.produce(topics.input, texts.slice(400))
    await last.close()
    expect(await create()).toMatchObject({ records: 80 + 100 })
    await destroy()

    // The 300 results of the old topic and the 80 of the new one, and the 100 texts that were not scored; not the 20 that
    // went with the old topic.
    expect(await restore()).toMatchObject({ records: 380 + 100, leftOut: 0 })
    await score()
    const out = [...texts.slice(0, 300), ...texts.slice(320)]
    const report = compareOutput(out, await readCommitted(kafka.brokers, topics.output))
    expect(report).toMatchObject({ lost: [], doubled: [], read: out.length })
  })

  it('goes on from a backup of the first version, and restores one', async () => {
    const texts = inventTexts(200)
    await kafka.produce(topics.input, texts.slice(0, 100))
    await create()
    const { segments, settled, ...manifest } = await readJson(join(vault(), 'backup.json'))
    for (const [topic, { folder: place, topicId }] of Object.entries(segments)) {
      const from = join(vault(), place)
      if (topicId !== undefined)
        await cp(from, join(vault(), 'records', topic), { recursive: true, force: true }).catch(noSegments)
    }
    await writeFile(join(vault(), 'backup.json'), JSON.stringify({ ...manifest, version: 1 }))
    expect(Object.keys(settled)).not.toEqual([])
    await kafka.produce(topics.input, texts.slice(100))
    expect(await create()).toMatchObject({ records: 100 })
    await destroy()
    expect(await restore()).toMatchObject({ records: 200, leftOut: 0 })
  })

  it('keeps the settings of topics and the place of other readers', async () => {
    const texts = inventTexts(100)
    await kafka.produce(topics.input, texts)
    await score()
    const first = await runCliProcess(
      ['consume', '--group', `${topics.groupId}-reader`, '--from-beginning', '--limit', '40'],
      { environment },
    )
    await create()
    await destroy()
    await restore()
    const rest = await runCliProcess(
      ['consume', '--group', `${topics.groupId}-reader`, '--from-beginning', '--limit', '60'],
      { environment },
    )
    const ids = [first, rest].flatMap(({ stdout }) =>
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id),
    )
    expect(new Set(ids).size).toBe(100)
  })

  it('keeps a backup in a bucket as in a folder', async () => {
    await using bucket = await serveBucket('backups', {})
    const settings = { ...environment, ...bucket.environment, VALENCE_BULK_S3_ENDPOINT: bucket.url }
    const texts = inventTexts(100)
    await kafka.produce(topics.input, texts)
    await score()
    const place = 's3://backups/of/valence'
    await runCliJson<Backup>(['backup', 'create', place], { environment: settings })
    expect(await runCliJson<Backup>(['backup', 'create', place], { environment: settings })).toMatchObject({
      records: 0,
    })
    await destroy()
    const restored = await runCliJson<Restored>(['backup', 'restore', place], { environment: settings })
    expect(restored).toMatchObject({ records: 100, leftOut: 0 })
    expectExactlyOnce(compareOutput(texts, await readCommitted(kafka.brokers, topics.output)))
    const lost = await runCliProcess(['backup', 'create', 's3://elsewhere'], { environment: settings })
    expect(lost).toMatchObject({ code: 1, stderr: expect.stringContaining('VAL_BACKUP_UNAVAILABLE') })
  })

  it('refuses a cluster that holds records, and a place without a backup', async () => {
    await kafka.produce(topics.input, inventTexts(1))
    await create('--no-records')
    const full = await runCliProcess(['backup', 'restore', vault()], { environment })
    expect(full).toMatchObject({ code: 1, stderr: expect.stringContaining('restore into an empty cluster') })
    const none = await runCliProcess(['backup', 'restore', join(folder, 'none')], { environment })
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('VAL_BACKUP_INVALID') })
  })
})

/** A topic that never held a record has none. */
function noSegments(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

async function readJson(path: string): Promise<{
  groups: object
  settled: object
  segments: Record<string, { folder: string; topicId?: string }>
}> {
  return JSON.parse(await readFile(path, 'utf8'))
}
