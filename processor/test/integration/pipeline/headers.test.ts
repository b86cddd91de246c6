import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createScoreConsumer, type ScoreMeta } from '@valence/producer-sdk'
import { recordHeader } from '@valence/schemas'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllCommands, runCliJson, runCliProcess } from '@valence/testing/processes/cli-process'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'

const run = promisify(execFile)

/** As kcat takes and shows them: one repeated with others between, a null, an empty one, names that objects inherit. */
const users = [
  'x=1',
  'y=m',
  'n',
  'x=2',
  'constructor=c',
  '__proto__=p',
  'toString=t',
  'valueOf=v',
  'hasOwnProperty=h',
  'e=',
]
/** They say how the payload or the key of the text was written, and name no schema that it would be read by. */
const schemaIds = ['__key_schema_id=guid', 'apicurio.value.version=7', 'apicurio.key.contentId=8']
const shown = (headers: readonly string[]) => headers.map((own) => (own.includes('=') ? own : `${own}=NULL`))

let kafka: TestKafka
let topics: TestTopics
let environment: Readonly<Record<string, string>>
let model: Awaited<ReturnType<typeof writeTinyModel>>

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
  model = await writeTinyModel()
})
beforeEach(async () => {
  topics = await kafka.createTopics({ partitions: 1 })
  environment = { ...topics.environment, VALENCE_MODEL: model.folder, VALENCE_INFERENCE_WORKERS: '1' }
})
afterEach(async () => {
  killAllCommands()
  await killAllProcessors()
})
afterAll(async () => {
  await model.remove()
  await kafka.close()
})

async function kcatProduce(value: string, headers: readonly string[]): Promise<void> {
  const flags = headers.flatMap((header) => ['-H', header])
  const child = spawn('kcat', ['-P', '-b', kafka.brokers, '-t', topics.input, '-p', '0', ...flags], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  child.stdin.end(value)
  expect((await once(child, 'exit'))[0]).toBe(0)
}

/** The headers of each record, as kcat prints them; bytes as Latin-1. */
async function kcatHeaders(topic: string): Promise<string[][]> {
  const settings = ['-X', 'isolation.level=read_committed', '-o', 'beginning', '-e', '-q', '-f', '%h\n']
  const { stdout } = await run('kcat', ['-C', '-b', kafka.brokers, '-t', topic, ...settings], { encoding: 'latin1' })
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(','))
}

async function score(): Promise<void> {
  const processor = await new ProcessorProcess(environment).started()
  await kafka.drained(topics)
  expect(await processor.stop()).toBe(0)
}

describe('headers that kcat wrote', () => {
  it('reach scores and dead letters as they are, in order, but for what describes the payload of a text', async () => {
    await kcatProduce('I love it', [...schemaIds, ...users])
    await kcatProduce('{"bad', [...schemaIds, ...users])
    await kafka.produceRaw(
      topics.input,
      ['I hate it'],
      [
        recordHeader('bytes', Buffer.from([0xff, 0x01])),
        { name: '\ufffd', nameBytes: Buffer.from([0xfe]), value: Buffer.from('1') },
      ],
    )
    await score()
    expect(await kcatHeaders(topics.output)).toEqual([
      [...shown(users), 'content-type=application/json'],
      ['bytes=\xff\x01', '\xfe=1', 'content-type=application/json'],
    ])
    const [letter = []] = await kcatHeaders(topics.deadLetters)
    expect(letter.slice(0, schemaIds.length + users.length)).toEqual(shown([...schemaIds, ...users]))
    expect(letter.at(schemaIds.length + users.length)).toBe('valence-error-code=VAL_RECORD_JSON_INVALID')
  })

  it('are read by the SDK and `consume`, shown and replayed by `dlq`', async () => {
    await kcatProduce('I love it', users)
    await kcatProduce('{"bad', users)
    await score()

    const { promise: read, resolve } = Promise.withResolvers<ScoreMeta>()
    const { brokers } = kafka
    const consumer = createScoreConsumer({
      ...{ brokers, topic: topics.output, groupId: `${topics.groupId}-sdk`, fromBeginning: true },
      handler: (_event, meta) => resolve(meta),
    })
    await consumer.start()
    const { headers, headerList } = await Promise.race([
      read,
      consumer.done.then(() => Promise.reject(new Error('ended'))),
    ])
    await consumer.stop({ leaveGroup: true })
    const listed = headerList.map(({ name, value }) => `${name}=${value === null ? 'NULL' : value}`)
    expect(listed).toEqual([...shown(users), 'content-type=application/json'])
    expect(headers.x).toEqual([Buffer.from('1'), Buffer.from('2')])
    expect(headers).toMatchObject({ n: null, constructor: Buffer.from('c') })

    const consumed = await runCliProcess(['consume', '--from-beginning', '--limit', '1', '--timeout-ms', '30000'], {
      environment,
    })
    expect(consumed).toMatchObject({ code: 0, stdout: expect.stringContaining('"label"') })

    const letter = await runCliJson<{ headers: { name: string; value: string | null }[] }>(['dlq', 'show', '0:0'], {
      environment,
    })
    const inLetter = letter.headers.map(({ name, value }) => `${name}=${value === null ? 'NULL' : atob(value)}`)
    expect(inLetter).toEqual(shown(users))
    expect(await runCliJson(['dlq', 'replay'], { environment })).toMatchObject({ replayed: 1 })
    expect((await kcatHeaders(topics.input)).at(-1)).toEqual(shown(users))
  })

  it('are in a backup and come back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'valence-headers-'))
    const backup = { environment: { ...environment, VALENCE_MODEL_STORE: join(folder, 'store') } }
    try {
      await kcatProduce('I love it', users)
      expect(await runCliJson(['backup', 'create', join(folder, 'vault')], backup)).toMatchObject({ records: 1 })
      await kafka.admin.deleteTopics({ topics: [topics.input, topics.output, topics.deadLetters] })
      const isGone = async () => !(await kafka.admin.listTopics()).includes(topics.input)
      await expect.poll(isGone, { timeout: 30_000 }).toBe(true)
      expect(await runCliJson(['backup', 'restore', join(folder, 'vault')], backup)).toMatchObject({ records: 1 })
      expect(await kcatHeaders(topics.input)).toEqual([shown(users)])
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
