import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSchemaRegistry, framedPayload, readSchemaId } from '@valence/schemas'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { logReaches, readOnlyValue } from '@valence/testing/kafka/topic-probe'
import { killAllCommands, runCliProcess, startCli } from '@valence/testing/processes/cli-process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'

let kafka: TestKafka
let topics: TestTopics
let folder: string

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
  folder = await mkdtemp(join(tmpdir(), 'valence produce '))
})
beforeEach(async () => {
  topics = await kafka.createTopics({ partitions: 3 })
})
afterEach(killAllCommands)
afterAll(async () => {
  await kafka.close()
  await rm(folder, { recursive: true })
})

async function produce(
  name: string,
  content: string | Buffer,
  args: readonly string[] = [],
  environment = topics.environment,
) {
  const path = join(folder, name)
  await writeFile(path, content)
  return runCliProcess(['produce', path, ...args], { environment })
}

async function produced() {
  const records = await readCommitted(kafka.brokers, topics.input)
  return records.map(({ key, value, partition }) => ({ key, partition, event: JSON.parse(value ?? 'null') }))
}

describe('valence produce', () => {
  it('loads JSON lines as text events and leaves fields beyond the schema behind', async () => {
    const lines = [
      { id: 'a', text: 'fine', label: 'positive', source: 'test', attributes: { lang: 'en' } },
      { id: 7, text: 'bad', occurredAt: '2026-01-10T12:00:00Z' },
      { text: 'no id' },
    ]
    const { code, stdout, stderr } = await produce(
      'texts.jsonl',
      lines.map((line) => JSON.stringify(line)).join('\n'),
      ['--json'],
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toEqual({ produced: 3, rejected: 0, seconds: expect.any(Number) })
    const events = (await produced()).map(({ event }) => event)
    expect(events).toHaveLength(3)
    expect(events.find(({ id }) => id === 'a')).toMatchObject({
      text: 'fine',
      source: 'test',
      attributes: { lang: 'en' },
    })
    expect(events.find(({ id }) => id === 'a')).not.toHaveProperty('label')
    expect(events.find(({ id }) => id === '7')).toMatchObject({ occurredAt: Date.parse('2026-01-10T12:00:00Z') })
    expect(events.find(({ text }) => text === 'no id')?.id).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('reads CSV, and a column becomes the key: equal keys share a partition', async () => {
    const rows = Array.from({ length: 300 }, (_, index) => `${index},user-${index % 10},"text, number ${index}"`)
    const { code, stdout } = await produce('texts.csv', `id,user,text\n${rows.join('\n')}\n`, ['--key', 'user'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^300 texts produced, 0 rejected, \d+\.\d s, [\d,]+\/s\n$/)
    const records = await produced()
    expect(new Set(records.map(({ event }) => event.id)).size).toBe(300)
    const partitionsByKey = Map.groupBy(records, ({ key }) => key)
    expect(partitionsByKey.size).toBe(10)
    for (const own of partitionsByKey.values()) expect(new Set(own.map(({ partition }) => partition)).size).toBe(1)
    expect(records[0]?.key).toBe(`user-${Number(records[0]?.event.id) % 10}`)
  })

  it('reports each line that is no text by its number, and produces the others', async () => {
    const content = Buffer.concat([
      Buffer.from('plain words\n{"text": broken\n\n{"text":"ok"}\n'),
      Buffer.from([0x63, 0xe9, 0x0a]),
      Buffer.from(`{"text":"${'x'.repeat(70_000)}"}\nlast`),
    ])
    const { code, stdout, stderr } = await produce('mixed.txt', content, ['--json'])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ produced: 3, rejected: 4 })
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^line 2: VAL_RECORD_JSON_INVALID/),
      expect.stringMatching(/^line 3: VAL_TEXT_EMPTY/),
      expect.stringMatching(/^line 5: VAL_RECORD_NOT_UTF8/),
      expect.stringMatching(/^line 6: VAL_TEXT_TOO_LARGE/),
      '4 lines rejected',
    ])
    expect((await produced()).map(({ event }) => event.text).sort()).toEqual(['last', 'ok', 'plain words'])
  })

  it('produces the bytes of each line untouched with --raw', async () => {
    const lines = [
      '{"text": broken',
      '',
      'windows\r',
      ' spaces ',
      '\u{1F600}',
      `{"text":"${'x'.repeat(102_400)}"}`,
      'end',
    ]
    const { code, stdout } = await produce('raw.txt', lines.join('\n'), ['--raw', '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ produced: 7, rejected: 0 })
    const values = (await readCommitted(kafka.brokers, topics.input)).map(({ value }) => value)
    expect(values.toSorted()).toEqual(lines.toSorted())
  })

  it('takes what is no UTF-8 through as it is', async () => {
    await produce('latin1.txt', Buffer.from([0x63, 0xe9, 0xff, 0x00, 0x01]), ['--raw'])
    const bytes = await readOnlyValue(kafka.brokers, topics.input)
    expect([...bytes]).toEqual([0x63, 0xe9, 0xff, 0x00, 0x01])
  })

  it('looks before it sends at what the topic would refuse', async () => {
    const { code, stderr, stdout } = await produce('huge.txt', `small\n${'x'.repeat(1_100_000)}\nlast\n`, [
      '--raw',
      '--json',
    ])
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ produced: 2, rejected: 1 })
    expect(stderr).toContain('line 2: VAL_RECORD_TOO_LARGE_TO_PUBLISH')
  })

  it('reports by its line what has no key or is refused by the broker, and produces the others', async () => {
    await kafka.configure(topics.input, { 'cleanup.policy': 'compact' })
    const lines = [{ user: 'a' }, {}, { user: 'b' }].map((more) => JSON.stringify({ text: 'fine', ...more }))
    const { code, stdout, stderr } = await produce('keys.jsonl', lines.join('\n'), ['--key', 'user', '--json'])
    expect(JSON.parse(stdout)).toMatchObject({ produced: 2, rejected: 1 })
    expect(stderr).toMatch(/^line 2: VAL_RECORD_INVALID.*no field user for the key/)
    expect(code).toBe(1)
    const keyless = await produce('keyless.jsonl', lines.join('\n'), ['--json'])
    expect(JSON.parse(keyless.stdout)).toMatchObject({ produced: 0, rejected: 3 })
    expect(keyless.stderr).toMatch(/^line 2: VAL_RECORD_REFUSED_BY_BROKER.*INVALID_RECORD/m)
    const raw = await produce('keyless.txt', 'one\ntwo\n', ['--raw', '--json'])
    expect(JSON.parse(raw.stdout)).toMatchObject({ produced: 0, rejected: 2 })
    expect(raw).toMatchObject({ code: 1, stderr: expect.stringContaining('line 2: VAL_RECORD_REFUSED_BY_BROKER') })
  })

  it('sends lines that are too large together one by one', async () => {
    await kafka.configure(topics.input, { 'max.message.bytes': '2000' })
    const lines = Array.from({ length: 40 }, () => randomBytes(450).toString('hex'))
    const { code, stdout } = await produce('large.txt', lines.join('\n'), ['--raw', '--json'])
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, produced: 40, rejected: 0 })
    const values = (await readCommitted(kafka.brokers, topics.input)).map(({ value }) => value)
    expect(values.toSorted()).toEqual(lines.toSorted())
  })

  it('writes Avro where a registry is configured', async () => {
    const { registryUrl } = inject('stack')
    const environment = { ...topics.environment, VALENCE_SCHEMA_REGISTRY_URL: registryUrl }
    expect(await produce('avro.txt', 'fine\n', [], environment)).toMatchObject({ code: 0 })
    const value = await readOnlyValue(kafka.brokers, topics.input)
    const decode = await createSchemaRegistry({ url: registryUrl }).load(readSchemaId(value) as number)
    expect(decode(framedPayload(value))).toMatchObject({ text: 'fine' })
  })

  it('keeps to the rate', async () => {
    const { stdout } = await produce('slow.txt', 'fine\n'.repeat(60), ['--rate', '50', '--json'])
    expect(JSON.parse(stdout).seconds).toBeGreaterThan(1)
  })

  it('reads standard input, and stops on Ctrl-C with everything acknowledged that it counts', async () => {
    const { child, ended } = startCli(['produce', '-', '--json'], { environment: topics.environment })
    child.stdin.write('one\ntwo\n')
    await logReaches(kafka, topics.input, 2)
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ produced: 2, rejected: 0 })
    expect(stderr).toContain('stopped before the end')
  })

  it('says which topic does not exist, before it reads anything', async () => {
    const { code, stderr } = await produce('none.txt', 'fine\n', ['--topic', `${topics.input}.none`])
    expect(code).toBe(1)
    expect(stderr).toContain(`VAL_KAFKA_TOPIC_MISSING: A topic does not exist: ${topics.input}.none`)
    expect(stderr).toContain('valence topics create')
  })
})
