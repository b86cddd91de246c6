import { createKafka } from '@valence/producer-sdk/kafka'
import {
  createSchemaRegistry,
  frame,
  type ScoredEvent,
  scoredEventAvro,
  scoredEventJson,
  valueSubject,
} from '@valence/schemas'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { killAllCommands, runCliProcess, startCli } from '@valence/testing/processes/cli-process'
import { parseLines } from '@valence/testing/processes/cli-run'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'

let kafka: TestKafka
let topics: TestTopics

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
beforeEach(async () => {
  topics = await kafka.createTopics({ partitions: 1 })
})
afterEach(killAllCommands)
afterAll(() => kafka.close())

function scoredEvent(id: string): ScoredEvent {
  return {
    id,
    occurredAt: null,
    source: null,
    lang: null,
    attributes: {},
    label: 'positive',
    scores: { negative: 0.25, neutral: 0.25, positive: 0.5 },
    valence: 0.25,
    model: { name: 'm', version: '1', sha256: '0123456789ab' },
    tokens: 3,
    truncated: false,
    scoredAt: 1,
    origin: { topic: 'texts', partition: 0, offset: '1' },
  }
}

const write = (...ids: string[]) =>
  kafka.produceRaw(
    topics.output,
    ids.map((id) => scoredEventJson.encode(scoredEvent(id))),
  )

async function consume(...args: string[]) {
  const result = await runCliProcess(['consume', ...args], { environment: topics.environment })
  return { ...result, ids: parseLines<ScoredEvent>(result.stdout.split('\n').slice(0, -1)).map(({ id }) => id) }
}

describe('valence consume', () => {
  it('prints events as they are, and no more than asked for', async () => {
    await write('a', 'b', 'c')
    const { code, stdout, stderr } = await consume('--from-beginning', '--limit', '2')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(parseLines(stdout.trimEnd().split('\n'))).toEqual([scoredEvent('a'), scoredEvent('b')])
  })

  it('goes on where its group was, and without a group begins anew', async () => {
    await write('a', 'b', 'c', 'd')
    const group = ['--from-beginning', '--group', `${topics.groupId}.reader`]
    expect((await consume(...group, '--limit', '2')).ids).toEqual(['a', 'b'])
    expect((await consume(...group, '--limit', '2')).ids).toEqual(['c', 'd'])
    expect((await consume('--from-beginning', '--limit', '3')).ids).toEqual(['a', 'b', 'c'])
  })

  it('waits for what comes, unless told to begin with the oldest', async () => {
    await write('old')
    const { child, ended } = startCli(['consume', '--limit', '1'], { environment: topics.environment })
    // It prints nothing while it joins, so new events are written until one is seen.
    const writing = setInterval(() => void write('new'), 300)
    await ended.finally(() => clearInterval(writing))
    const { code, stdout } = await ended
    expect(child.exitCode).toBe(0)
    expect({ code, id: JSON.parse(stdout).id }).toEqual({ code: 0, id: 'new' })
  })

  it('stops when nothing comes any more; fewer than asked for is a failure', async () => {
    await write('a')
    const calm = await consume('--from-beginning', '--timeout-ms', '1000')
    expect({ code: calm.code, ids: calm.ids, stderr: calm.stderr }).toEqual({ code: 0, ids: ['a'], stderr: '' })
    const short = await consume('--from-beginning', '--timeout-ms', '1000', '--limit', '5')
    expect({ code: short.code, ids: short.ids }).toEqual({ code: 1, ids: ['a'] })
    expect(short.stderr).toContain('only 1 event of 5')
  })

  it('shows nothing of a transaction that was aborted', async () => {
    const producer = createKafka({ brokers: kafka.brokers, clientId: 'test' }).producer({
      transactionalId: topics.groupId,
      maxInFlightRequests: 1,
    })
    await producer.connect()
    for (const [id, ending] of [
      ['yes', 'commit'],
      ['no', 'abort'],
      ['also', 'commit'],
    ] as const) {
      const transaction = await producer.transaction()
      const value = scoredEventJson.encode(scoredEvent(id))
      await transaction.send({ topic: topics.output, messages: [{ value }] })
      await transaction[ending]()
    }
    await producer.disconnect()
    expect((await consume('--from-beginning', '--limit', '2')).ids).toEqual(['yes', 'also'])
  })

  it('reads Avro by its schema id, beside JSON', async () => {
    const url = inject('stack').registryUrl
    const id = await createSchemaRegistry({ url }).registerFor(valueSubject(topics.output), 'scored-event')
    await kafka.produceRaw(topics.output, [frame(id, scoredEventAvro.encode(scoredEvent('avro')))])
    await write('json')
    const environment = { ...topics.environment, VALENCE_SCHEMA_REGISTRY_URL: url }
    const { stdout } = await runCliProcess(['consume', '--from-beginning', '--limit', '2'], { environment })
    expect(parseLines(stdout.trimEnd().split('\n'))).toEqual([scoredEvent('avro'), scoredEvent('json')])
  })

  it('names what is no scored event, goes on, and fails in the end', async () => {
    await kafka.produceRaw(topics.output, ['{"id":"half"}', 'no json'])
    await write('good')
    const { code, ids, stderr } = await consume('--from-beginning', '--limit', '1')
    expect({ code, ids }).toEqual({ code: 1, ids: ['good'] })
    expect(stderr).toMatch(/^0:0: VAL_RECORD_INVALID/m)
    expect(stderr).toMatch(/^0:1: VAL_RECORD_JSON_INVALID/m)
    expect(stderr).toContain('2 records passed over')
  })

  it('ends well on Ctrl-C', async () => {
    await write('a')
    const { child, ended } = startCli(['consume', '--from-beginning'], { environment: topics.environment })
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })

  it('says which topic does not exist', async () => {
    const { code, stderr } = await consume('--topic', `${topics.output}.none`)
    expect(code).toBe(1)
    expect(stderr).toContain('VAL_KAFKA_TOPIC_MISSING')
  })
})
