import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AcknowledgedText, compareOutput, expectExactlyOnce } from '@valence/testing/counting/invariants'
import { inventTexts, TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { serveBucket } from '@valence/testing/models/s3-bucket'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllCommands, runCliJson, runCliProcess, startCli } from '@valence/testing/processes/cli-process'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { listObjects } from '../../../src/jobs/bulk/bulk-source.ts'
import { bulkGroup } from '../../../src/kafka/group-names.ts'

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
  topics = await kafka.createTopics({ partitions: 3 })
  environment = { ...topics.environment, VALENCE_MODEL: model.folder, VALENCE_INFERENCE_WORKERS: '1' }
  folder = await mkdtemp(join(tmpdir(), 'valence-bulk-'))
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

interface Summary {
  readonly objects: number
  readonly skipped: number
  readonly texts: number
  readonly rejected: number
  readonly scored: number
  readonly deadLettered: number
}

const toLines = (texts: readonly AcknowledgedText[]) =>
  texts.map(({ id, key, text }) => `${JSON.stringify({ id, user: key, text, attributes: { text } })}\n`).join('')

const bulk = (source: string) => ['bulk', source, '--key', 'user']
const output = () => readCommitted(kafka.brokers, topics.output)

describe('valence bulk', () => {
  it('scores the files of a folder, tells what became of them, and does nothing again', async () => {
    const texts = inventTexts(600)
    await mkdir(join(folder, 'sub'))
    await writeFile(join(folder, 'a.jsonl'), toLines(texts.slice(0, 400)))
    await writeFile(join(folder, 'b.jsonl'), toLines(texts.slice(400)))
    await new ProcessorProcess(environment).started()
    const first = await runCliJson<Summary>(bulk(folder), { environment })
    expect(first).toMatchObject({ objects: 2, skipped: 0, texts: 600, scored: 600, deadLettered: 0, rejected: 0 })
    expect(await runCliJson<Summary>(bulk(folder), { environment })).toMatchObject({ objects: 2, skipped: 2, texts: 0 })
    expectExactlyOnce(compareOutput(texts, await output()))
  })

  it('goes on where it was killed', async () => {
    const texts = inventTexts(8_000)
    const file = join(folder, 'many.jsonl')
    await writeFile(file, toLines(texts))
    const killed = startCli([...bulk(file), '--json'], { environment, input: '' })
    await expect.poll(() => kafka.remaining(topics), { timeout: 60_000, interval: 50 }).toBeGreaterThan(1_000)
    killed.child.kill('SIGKILL')
    await killed.ended
    const processor = await new ProcessorProcess(environment).started()
    const rest = await runCliJson<Summary>(bulk(file), { environment })
    expect(rest).toMatchObject({ texts: 8_000, scored: 8_000, deadLettered: 0 })
    expectExactlyOnce(compareOutput(texts, await output()))
    expect(await processor.stop()).toBe(0)
  })

  it('goes on with a job that an earlier version began, and leaves one alone that it finished', async () => {
    const texts = inventTexts(40)
    await writeFile(join(folder, 'begun.jsonl'), toLines(texts))
    await writeFile(join(folder, 'finished.jsonl'), toLines(inventTexts(10)))
    const groups = (await listObjects(folder, undefined)).map((own) => bulkGroup(topics.groupId, own.fingerprint))
    // Four lines, all refused, in bits 0 to 49 and above 50; and ten lines with the end in bit 50.
    for (const [at, offset] of [(4n << 51n) + 4n, (1n << 50n) + 10n].entries()) {
      const partitions = [{ partition: 0, offset: String(offset) }]
      await kafka.admin.setOffsets({ groupId: groups[at] ?? '', topic: topics.input, partitions })
    }
    await new ProcessorProcess(environment).started()
    const summary = await runCliJson<Summary>(bulk(folder), { environment })
    expect(summary).toMatchObject({ objects: 2, skipped: 1, texts: 36, scored: 36 })
    expectExactlyOnce(compareOutput(texts.slice(4), await output()))
    const [begun] = await kafka.admin.fetchOffsets({ groupId: groups[0] ?? '', topics: [topics.input] })
    const committed = begun?.partitions.find(({ partition }) => partition === 0)
    expect(committed).toMatchObject({ offset: '40', metadata: expect.stringMatching(/@lines=40@refused=4@finished$/) })
    expect(await runCliJson<Summary>(bulk(folder), { environment })).toMatchObject({ skipped: 2, texts: 0 })
  })

  it('reads an S3 prefix, and reports lines that are no texts', async () => {
    await using bucket = await serveBucket('texts', {
      'in/1.txt': 'good\nbad\n',
      'in/2.jsonl': '{"text": "good"}\n{"text": \n{"text": ""}\n',
      'other/3.txt': 'awful\n',
    })
    await new ProcessorProcess(environment).started()
    const settings = { ...environment, ...bucket.environment, VALENCE_BULK_S3_ENDPOINT: bucket.url }
    const { code, stdout, stderr } = await runCliProcess(['bulk', 's3://texts/in/', '--json'], {
      environment: settings,
    })
    expect(JSON.parse(stdout)).toMatchObject({ objects: 2, texts: 3, rejected: 2, scored: 3, deadLettered: 0 })
    expect(code).toBe(1)
    expect(stderr).toContain('line 2: VAL_RECORD_JSON_INVALID')
    expect(stderr).toContain('line 3: VAL_TEXT_EMPTY')
  })

  it('names objects that cannot be read, and goes on with the others', async () => {
    await writeFile(join(folder, 'a.txt'), 'good\n')
    await symlink(join(folder, 'nowhere'), join(folder, 'b.txt'))
    await writeFile(join(folder, 'c.csv'), 'no,column\n1,2\n')
    await writeFile(join(folder, 'd.txt'), 'bad\n')
    await new ProcessorProcess(environment).started()
    const { code, stdout, stderr } = await runCliProcess(['bulk', folder, '--json'], { environment })
    expect(JSON.parse(stdout)).toMatchObject({ objects: 4, texts: 2, scored: 2 })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^object file:\S+b\.txt: VAL_FILE_UNREADABLE/m)
    expect(stderr).toMatch(/^object file:\S+c\.csv: VAL_USAGE_INVALID/m)
  })

  it('names the lines that the broker refuses, and waits for no result of them, in a later run either', async () => {
    await kafka.configure(topics.input, { 'max.message.bytes': '2000' })
    const file = join(folder, 'keys.jsonl')
    const large = () => randomBytes(4_000).toString('base64')
    const lines = ['good', large(), 'good', large()].map((text) => JSON.stringify({ text, user: 'a' }))
    await writeFile(file, lines.join('\n'))
    const sent = await runCliProcess([...bulk(file), '--json', '--timeout-ms', '500'], { environment })
    expect(JSON.parse(sent.stdout)).toMatchObject({ texts: 2, rejected: 2, scored: 0 })
    expect(sent.stderr).toMatch(/^line 2: VAL_RECORD_TOO_LARGE_TO_PUBLISH.*\nline 4: /m)
    expect(sent.code).toBe(1)
    await new ProcessorProcess(environment).started()
    expect(await runCliJson<Summary>(bulk(file), { environment })).toMatchObject({ texts: 2, rejected: 0, scored: 2 })
    expect(await runCliJson<Summary>(bulk(file), { environment })).toMatchObject({ skipped: 1 })
  })

  it('says that results are missing where no processor runs', async () => {
    const file = join(folder, 'a.txt')
    await writeFile(file, 'good\n')
    const { code, stdout, stderr } = await runCliProcess(['bulk', file, '--timeout-ms', '500'], { environment })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^1 object, 1 text, 0 scored, 0 dead-lettered, 0 rejected/)
    expect(stderr).toContain('do processors run?')
  })

  it('refuses a source that is not there', async () => {
    const { code, stderr } = await runCliProcess(['bulk', join(folder, 'none')], { environment })
    expect(code).toBe(2)
    expect(stderr).toContain('VAL_FILE_UNREADABLE')
  })
})
