import { randomBytes } from 'node:crypto'
import { createKafka, messageHeaders, type Producer } from '@valence/producer-sdk/kafka'
import { type DeadLetterFacts, deadLetterHeaders, type RecordHeaders, recordHeader } from '@valence/schemas'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { awaitLeaders } from '@valence/testing/kafka/await-leaders'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { logReaches } from '@valence/testing/kafka/topic-probe'
import { killAllCommands, runCliJson, runCliProcess, startCli } from '@valence/testing/processes/cli-process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'

let kafka: TestKafka
let topics: TestTopics
let producer: Producer

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
  producer = createKafka({ brokers: kafka.brokers, clientId: 'test' }).producer()
  await producer.connect()
})
beforeEach(async () => {
  topics = await kafka.createTopics({ partitions: 2 })
})
afterEach(killAllCommands)
afterAll(async () => {
  await producer.disconnect()
  await kafka.close()
})

interface Letter {
  readonly value: string | Buffer | null
  readonly key?: string
  readonly code?: DeadLetterFacts['code']
  readonly partition?: number
  readonly ageMs?: number
  readonly headers?: RecordHeaders
  readonly origin?: { topic?: string; partition?: number; timestamp?: number }
}

async function writeLetters(...letters: readonly Letter[]): Promise<void> {
  const now = Date.now()
  const messages = letters.map(
    ({ value, key, code = 'VAL_TEXT_EMPTY', partition = 0, ageMs = 0, headers = [], origin = {} }, index) => ({
      key: key ?? null,
      value,
      partition,
      timestamp: String(now - ageMs),
      headers: messageHeaders(
        deadLetterHeaders(headers, {
          code,
          message: `why ${code}`,
          origin: { topic: topics.input, partition, offset: String(index), timestamp: now - ageMs, ...origin },
          failedAt: now - ageMs,
        }),
      ),
    }),
  )
  for (let at = 0; at < messages.length; at += 1_000) {
    await producer.send({ topic: topics.deadLetters, messages: messages.slice(at, at + 1_000) })
  }
}

const setTopic = (topic: string, name: string, value: string) =>
  kafka.admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: 2, name: topic, configEntries: [{ name, value }] }],
  })
const limitRecords = (topic: string, bytes: number) => setTopic(topic, 'max.message.bytes', String(bytes))

interface Listed {
  readonly partition: number
  readonly offset: string
  readonly code: string | null
}

interface Replayed {
  readonly replayed: number
  readonly skipped: number
  readonly group: string
}

const list = (...args: string[]) => runCliJson<Listed[]>(['dlq', 'list', ...args], { environment: topics.environment })
const replay = (...args: string[]) =>
  runCliJson<Replayed>(['dlq', 'replay', ...args], { environment: topics.environment })
const codesOf = (listed: readonly Listed[]) => listed.map(({ code }) => code)

describe('valence dlq list', () => {
  it('shows the oldest first, over all partitions, in a table and as JSON', async () => {
    await writeLetters(
      { value: 'newest', partition: 0 },
      { value: 'oldest', partition: 1, code: 'VAL_RECORD_INVALID', ageMs: 60_000 },
    )
    expect(await list()).toMatchObject([
      { partition: 1, offset: '0', code: 'VAL_RECORD_INVALID', origin: { topic: topics.input, partition: 1 } },
      { partition: 0, offset: '0', code: 'VAL_TEXT_EMPTY' },
    ])
    const { code, stdout } = await runCliProcess(['dlq', 'list'], { environment: topics.environment })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^POSITION +FAILED AT +CODE +ORIGIN +VALUE$/m)
    expect(stdout).toMatch(/^ +1:0 {2}\S+Z +VAL_RECORD_INVALID +\S+ 1:1 +oldest$/m)
  })

  it('chooses by code, time and number', async () => {
    const hour = 3_600_000
    await writeLetters(
      { value: 'a', ageMs: 3 * hour },
      { value: 'b', ageMs: 2 * hour, code: 'VAL_RECORD_INVALID' },
      { value: 'c', ageMs: hour },
      { value: 'd' },
    )
    const offsets = async (...args: string[]) => (await list(...args)).map(({ offset }) => offset)
    expect(await offsets('--code', 'VAL_RECORD_INVALID')).toEqual(['1'])
    expect(await offsets('--code', 'VAL_RECORD_INVALID,VAL_TEXT_EMPTY')).toEqual(['0', '1', '2', '3'])
    expect(await offsets('--since', '90m')).toEqual(['2', '3'])
    expect(await offsets('--until', '90m')).toEqual(['0', '1'])
    expect(await offsets('--since', '150m', '--until', '30m')).toEqual(['1', '2'])
    expect(await offsets('--limit', '2')).toEqual(['2', '3'])
    const { stderr } = await runCliProcess(['dlq', 'list', '--limit', '1'], { environment: topics.environment })
    expect(stderr).toContain('3 older dead letters not shown')
  })

  it('shows what is no dead letter of ours for what it is', async () => {
    await kafka.produceRaw(topics.deadLetters, ['stray'])
    await writeLetters({ value: 'ours' })
    expect(codesOf(await list())).toEqual(expect.arrayContaining([null, 'VAL_TEXT_EMPTY']))
    expect(codesOf(await list('--code', 'VAL_TEXT_EMPTY'))).toEqual(['VAL_TEXT_EMPTY'])
  })

  it('shows records whose timestamps no date can be', async () => {
    const timestamp = '9223372036854775807'
    await setTopic(topics.deadLetters, 'message.timestamp.after.max.ms', timestamp)
    await producer.send({ topic: topics.deadLetters, messages: [{ value: 'stray', timestamp, partition: 0 }] })
    await writeLetters({ value: 'ours', origin: { timestamp: Number(timestamp) } })
    expect(codesOf(await list())).toEqual(expect.arrayContaining([null, 'VAL_TEXT_EMPTY']))
    for (const args of [['list'], ['show', '0:1'], ['show', '0:1', '--json']]) {
      const { code, stdout } = await runCliProcess(['dlq', ...args], { environment: topics.environment })
      expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('VAL_TEXT_EMPTY') })
    }
  })

  it('is empty where there are none', async () => {
    expect(await list()).toEqual([])
    const { code, stdout, stderr } = await runCliProcess(['dlq', 'list'], { environment: topics.environment })
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain('no dead letters')
  })
})

describe('valence dlq show', () => {
  const show = (...args: string[]) => runCliProcess(['dlq', 'show', ...args], { environment: topics.environment })

  it('tells everything about one', async () => {
    await writeLetters(
      { value: 'first' },
      { value: 'second\nline', key: 'k', headers: [recordHeader('traceparent', '00-1-2-01')] },
    )
    const { code, stdout } = await show('0:1')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^code +VAL_TEXT_EMPTY$/m)
    expect(stdout).toMatch(/^what to do +Send a text/m)
    expect(stdout).toMatch(new RegExp(`^origin +${topics.input} 0:1$`, 'm'))
    expect(stdout).toMatch(/^key +k$/m)
    expect(stdout).toMatch(/^header traceparent +00-1-2-01$/m)
    expect(stdout).toContain('11 bytes\n\nsecond\nline\n')
    expect(stdout).not.toContain('first')
  })

  it('shows bytes that are no text in hex, and carries them in JSON', async () => {
    await writeLetters({ value: Buffer.from([0x63, 0xe9]), code: 'VAL_RECORD_NOT_UTF8' })
    expect((await show('0:0')).stdout).toContain('000000  63 e9')
    const letter = await runCliJson<{ value: string }>(['dlq', 'show', '0:0'], { environment: topics.environment })
    expect(letter).toMatchObject({ code: 'VAL_RECORD_NOT_UTF8', valueText: null, offset: '0', partition: 0 })
    expect([...Buffer.from(letter.value, 'base64')]).toEqual([0x63, 0xe9])
  })

  it.each([
    ['0:9', 'there is no dead letter at 0:9'],
    ['9:0', 'has no partition 9'],
    ['x', 'a position looks like 0:17'],
  ])('says why there is none at %s', async (position, message) => {
    await writeLetters({ value: 'only' })
    const { code, stdout, stderr } = await show(position)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
  })
})

describe('valence dlq replay', () => {
  it('sends key, value and headers back to their partition, without what made them dead letters', async () => {
    await writeLetters({
      value: '{"text":"x"}',
      key: 'k',
      partition: 1,
      headers: [recordHeader('content-type', 'application/json')],
    })
    expect(await replay()).toEqual({ replayed: 1, skipped: 0, refused: 0, group: `${topics.groupId}.replay` })
    const [record] = await readCommitted(kafka.brokers, topics.input)
    expect(record).toMatchObject({
      partition: 1,
      key: 'k',
      value: '{"text":"x"}',
      headers: { 'content-type': 'application/json' },
    })
  })

  it('replays each once: a second run has nothing left, new ones are new', async () => {
    await writeLetters({ value: 'a' }, { value: 'b', partition: 1 })
    expect(await replay()).toMatchObject({ replayed: 2 })
    expect(await replay()).toMatchObject({ replayed: 0, skipped: 0 })
    await writeLetters({ value: 'c' })
    expect(await replay()).toMatchObject({ replayed: 1 })
    const values = (await readCommitted(kafka.brokers, topics.input)).map(({ value }) => value)
    expect(values.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('chooses by code, each choice with a position of its own', async () => {
    await writeLetters({ value: 'a' }, { value: 'b', code: 'VAL_SCHEMA_UNKNOWN_ID' }, { value: 'c' })
    expect(await replay('--code', 'VAL_SCHEMA_UNKNOWN_ID')).toMatchObject({ replayed: 1, skipped: 2 })
    expect(await replay('--code', 'VAL_TEXT_EMPTY')).toMatchObject({ replayed: 2, skipped: 1 })
    expect(await readCommitted(kafka.brokers, topics.input)).toHaveLength(3)
  })

  it('stops at its limit and goes on from there', async () => {
    await writeLetters(...Array.from({ length: 10 }, (_, index) => ({ value: `v${index}`, partition: index % 2 })))
    expect(await replay('--limit', '3')).toMatchObject({ replayed: 3 })
    expect(await replay('--limit', '3')).toMatchObject({ replayed: 3 })
    expect(await replay()).toMatchObject({ replayed: 4 })
    const values = (await readCommitted(kafka.brokers, topics.input)).map(({ value }) => value)
    expect(new Set(values).size).toBe(10)
    expect(values).toHaveLength(10)
  })

  it('replays each exactly once although it is killed again and again', async () => {
    const count = 6_000
    await writeLetters(...Array.from({ length: count }, (_, index) => ({ value: `v${index}`, partition: index % 2 })))
    let kills = 0
    for (const share of [0.1, 0.35, 0.7]) {
      const { child, ended } = startCli(['dlq', 'replay'], { environment: topics.environment })
      await Promise.race([logReaches(kafka, topics.input, share * count), ended])
      child.kill('SIGKILL')
      if ((await ended).signal === 'SIGKILL') kills += 1
    }
    expect(kills).toBeGreaterThan(0)
    await replay()
    const values = (await readCommitted(kafka.brokers, topics.input)).map(({ value }) => value)
    expect(values).toHaveLength(count)
    expect(new Set(values).size).toBe(count)
  })

  it('stops between two transactions on Ctrl-C, and the next run does the rest', async () => {
    const count = 6_000
    await writeLetters(...Array.from({ length: count }, (_, index) => ({ value: `v${index}` })))
    const { child, ended } = startCli(['dlq', 'replay', '--json'], { environment: topics.environment })
    await logReaches(kafka, topics.input, 400)
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    const { replayed } = JSON.parse(stdout) as Replayed
    expect(code).toBe(1)
    expect(stderr).toContain('the same command goes on from here')
    expect(replayed).toBeGreaterThanOrEqual(200)
    expect(await replay()).toMatchObject({ replayed: count - replayed })
    expect(new Set((await readCommitted(kafka.brokers, topics.input)).map(({ value }) => value)).size).toBe(count)
  })

  it('replays the others where origin topics are gone or refuse a letter, names these and keeps them', async () => {
    const gone = `${topics.input}.gone`
    const large = randomBytes(5_000).toString('hex')
    await limitRecords(topics.input, 2_000)
    await writeLetters(
      { value: 'a' },
      { value: 'b', origin: { topic: gone } },
      { value: 'c', origin: { partition: 9 } },
      { value: large },
      { value: 'd' },
    )
    const { code, stdout, stderr } = await runCliProcess(['dlq', 'replay', '--json'], {
      environment: topics.environment,
    })
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 1, replayed: 2, skipped: 0, refused: 3 })
    expect(stderr).toContain(`${gone}: VAL_KAFKA_TOPIC_MISSING: 1 dead letter kept (0:1)`)
    expect(stderr).toContain(`${topics.input}: VAL_KAFKA_TOPIC_MISSING: 1 dead letter kept (0:2)`)
    expect(stderr).toContain(`${topics.input}: VAL_RECORD_TOO_LARGE_TO_PUBLISH: 1 dead letter kept (0:3)`)
    await kafka.admin.createTopics({ topics: [{ topic: gone, numPartitions: 1 }], waitForLeaders: false })
    await awaitLeaders(kafka.admin, [gone])
    await limitRecords(topics.input, 1_000_000)
    const again = await runCliProcess(['dlq', 'replay', '--json'], { environment: topics.environment })
    expect(JSON.parse(again.stdout)).toMatchObject({ replayed: 2, refused: 1 })
    const values = (await readCommitted(kafka.brokers, topics.input)).map(({ value }) => value)
    expect(values.filter((value) => value !== large).toSorted()).toEqual(['a', 'd'])
    expect(values).toHaveLength(3)
    expect((await readCommitted(kafka.brokers, gone)).map(({ value }) => value)).toEqual(['b'])
  })

  it('says that the origin topic is gone, and keeps its place', async () => {
    await writeLetters({ value: 'a' })
    await kafka.admin.deleteTopics({ topics: [topics.input] })
    const { code, stderr } = await runCliProcess(['dlq', 'replay'], { environment: topics.environment })
    expect(code).toBe(1)
    expect(stderr).toContain('VAL_KAFKA_TOPIC_MISSING')
    await kafka.admin.createTopics({ topics: [{ topic: topics.input, numPartitions: 2 }], waitForLeaders: false })
    await awaitLeaders(kafka.admin, [topics.input])
    expect(await replay()).toMatchObject({ replayed: 1 })
  })
})
