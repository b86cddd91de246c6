import { randomBytes } from 'node:crypto'
import { createKafka } from '@valence/producer-sdk/kafka'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { KafkaLink } from '@valence/testing/faults/kafka-link'
import { type ReadRecord, readCommitted } from '@valence/testing/kafka/independent-reader'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext, vi } from 'vitest'

let kafka: TestKafka
let model: Awaited<ReturnType<typeof writeTinyModel>>

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
  model = await writeTinyModel()
})
afterAll(async () => {
  await model.remove()
  await kafka.close()
})

const until = (check: () => unknown, timeout = 60_000) => vi.waitFor(check, { timeout, interval: 200 })

interface Setup {
  readonly partitions?: number
  readonly output?: Record<string, string>
  readonly deadLetters?: Record<string, string>
  readonly environment?: Record<string, string>
}

/** Topics with these settings and a processor at rest; from then on nothing comes but what a test sends. */
async function start({ onTestFinished }: TestContext, setup: Setup = {}) {
  const topics = await kafka.createTopics({ partitions: setup.partitions ?? 1 })
  if (setup.output) await kafka.configure(topics.output, setup.output)
  if (setup.deadLetters) await kafka.configure(topics.deadLetters, setup.deadLetters)
  const processor = new ProcessorProcess({
    ...topics.environment,
    VALENCE_MODEL: model.folder,
    VALENCE_KAFKA_COMPRESSION: 'none',
    VALENCE_KAFKA_SESSION_TIMEOUT_MS: '6000',
    ...setup.environment,
  })
  onTestFinished(() => processor.kill())
  await processor.started()
  await until(() => {
    const taken = processor.log.filter(({ msg }) => msg === 'partition taken')
    expect(taken.length).toBeGreaterThanOrEqual(setup.partitions ?? 1)
  })
  return { topics, processor }
}

async function readiness(processor: ProcessorProcess) {
  const response = await fetch(`http://127.0.0.1:${processor.adminPort}/readyz`)
  return { status: response.status, body: (await response.json()) as { checks: object; details?: object } }
}

function scored(topics: TestTopics): Promise<ReadRecord[]> {
  return readCommitted(kafka.brokers, topics.output)
}

async function letters(topics: TestTopics): Promise<[code: string | undefined, offset: string | undefined][]> {
  const found = await readCommitted(kafka.brokers, topics.deadLetters)
  return found.map(({ headers }) => [headers['valence-error-code'], headers['valence-origin-offset']])
}

const text = (id: string, more: object = {}) => JSON.stringify({ id, text: `fine words ${id}`, ...more })

// Each waits for its fault to pass, and for little else.
describe.concurrent('on a topic that goes quiet', { retry: 0, timeout: 180_000 }, () => {
  it('a result that is too large for its topic becomes a dead letter', async (test) => {
    const { topics } = await start(test, { output: { 'max.message.bytes': '2000' } })
    await kafka.produceRaw(topics.input, [text('a', { attributes: { a: randomBytes(4_500).toString('base64') } })])
    await until(async () => expect(await letters(topics)).toEqual([['VAL_RECORD_TOO_LARGE_TO_PUBLISH', '0']]))
  })

  it('a text without a key for a compacted topic becomes a dead letter, and its neighbours are scored', async (test) => {
    const { topics } = await start(test, { output: { 'cleanup.policy': 'compact' } })
    const messages = Array.from({ length: 40 }, (_, index) => ({
      key: index === 17 ? null : String(index),
      value: text(String(index)),
    }))
    await kafka.send(topics.input, messages)
    await until(async () => expect(await letters(topics)).toEqual([['VAL_RECORD_REFUSED_BY_BROKER', '17']]))
    await until(async () => expect((await scored(topics)).map(({ key }) => key)).toHaveLength(39))
  })

  it('a text whose partition was fenced from outside comes out', async (test) => {
    const { topics } = await start(test)
    const producer = createKafka({ brokers: kafka.brokers, clientId: 'intruder' }).producer({
      transactionalId: `${topics.groupId}.${topics.input}.0`,
      maxInFlightRequests: 1,
    })
    test.onTestFinished(() => producer.disconnect())
    await producer.connect()
    await (await producer.transaction()).abort()
    await kafka.produceRaw(topics.input, [text('a')])
    await until(async () => expect(await scored(topics)).toHaveLength(1))
  })

  it('a text whose broker falls silent amid its commit comes out, and readiness tells meanwhile', async (test) => {
    const link = await KafkaLink.to(kafka.brokers.split(','), Math.random)
    test.onTestFinished(() => link.close())
    const { topics, processor } = await start(test, {
      environment: { VALENCE_KAFKA_BROKERS: link.brokers, VALENCE_KAFKA_TRANSACTION_TIMEOUT_MS: '2000' },
    })
    await until(async () => expect((await readiness(processor)).status).toBe(200))
    const held = link.ambush('EndTxn', { holdMs: 1_000 })
    await kafka.produceRaw(topics.input, [text('a')])
    expect(await held).toBe(true)
    link.each((proxy) => proxy.stall())
    await until(async () =>
      expect(await readiness(processor)).toMatchObject({ status: 503, body: { checks: { group: 'failing' } } }),
    )
    // The broker aborts the transaction meanwhile: it lives for 2 s, and the broker looks for such every 10 s.
    await new Promise((resolve) => setTimeout(resolve, 15_000))
    link.resume()
    await until(async () => expect(await scored(topics)).toHaveLength(1))
    await until(async () => expect((await readiness(processor)).status).toBe(200))
  })

  it('all texts of a processor that is stopped amid its commits, for longer than session and transaction, come out', async (test) => {
    const link = await KafkaLink.to(kafka.brokers.split(','), Math.random)
    test.onTestFinished(() => link.close())
    const { topics, processor } = await start(test, {
      partitions: 12,
      environment: { VALENCE_KAFKA_BROKERS: link.brokers, VALENCE_KAFKA_TRANSACTION_TIMEOUT_MS: '2000' },
    })
    const messages = Array.from({ length: 240 }, (_, index) => ({ value: text(String(index)), partition: index % 12 }))
    // Half of the partitions are caught in their only commit, which the broker has aborted before its end arrives.
    const held = Array.from({ length: 6 }, () => link.ambush('EndTxn', { holdMs: 20_000 }))
    await kafka.send(topics.input, messages)
    expect(await Promise.all(held)).not.toContain(false)
    await until(async () => expect(await kafka.remaining(topics)).toBe(120))
    processor.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 16_000))
    processor.signal('SIGCONT')
    await until(async () => expect(await scored(topics)).toHaveLength(240))
    const ids = (await scored(topics)).map(({ value }) => (JSON.parse(String(value)) as { id: string }).id)
    expect(new Set(ids).size).toBe(240)
  })

  it('an old tombstone passes a topic that refuses old timestamps', async (test) => {
    const { topics } = await start(test, { output: { 'message.timestamp.before.max.ms': '86400000' } })
    const old = String(Date.now() - 30 * 86_400_000)
    await kafka.send(topics.input, [
      { key: 'a', value: text('a'), timestamp: old },
      { key: 'b', value: null, timestamp: old },
      { key: 'c', value: text('c') },
    ])
    await until(async () => expect((await scored(topics)).map(({ key }) => key)).toEqual(['a', 'b', 'c']))
    expect((await scored(topics))[1]?.value).toBeNull()
    expect(await letters(topics)).toEqual([])
  })

  it('a dead letter that is too large leaves its content and the headers of others behind', async (test) => {
    const { topics } = await start(test, { deadLetters: { 'max.message.bytes': '2000' } })
    const headers = { 'valence-tenant': 'x'.repeat(25_000) }
    await kafka.send(topics.input, [{ key: 'k', value: ' ', headers }, { value: text('b') }])
    await until(async () => expect(await letters(topics)).toEqual([['VAL_RECORD_TOO_LARGE_TO_PUBLISH', '0']]))
    const [letter] = await readCommitted(kafka.brokers, topics.deadLetters)
    expect(letter?.headers).not.toHaveProperty('valence-tenant')
    expect(letter?.key).toBe('k')
    await until(async () => expect(await scored(topics)).toHaveLength(1))
  })

  it('a partition whose dead letter is refused stands still alone, says so everywhere, and goes on when it can', async (test) => {
    const { topics, processor } = await start(test, { partitions: 2, deadLetters: { 'cleanup.policy': 'compact' } })
    await kafka.send(topics.input, [
      { value: ' ', partition: 0 },
      { value: text('behind'), partition: 0 },
      { value: text('beside'), partition: 1 },
    ])
    await processor.logged('the partition stands still')
    expect(processor.log.find(({ msg }) => msg === 'the partition stands still')).toMatchObject({
      code: 'VAL_KAFKA_DEAD_LETTER_REFUSED',
      topic: topics.input,
      partition: 0,
    })
    await until(async () => expect(await scored(topics)).toHaveLength(1))
    const records = [{ topic: topics.input, partition: 0, code: 'VAL_KAFKA_DEAD_LETTER_REFUSED' }]
    // Another processor would stand still there as well, so this one stays ready.
    await until(async () =>
      expect(await readiness(processor)).toMatchObject({
        status: 200,
        body: { checks: { records: 'degraded', partitions: 'ok' }, details: { records } },
      }),
    )
    await until(async () =>
      expect(await processor.metric('valence_pipeline_standstill_seconds', 'DEAD_LETTER_REFUSED')).toBeGreaterThan(0),
    )
    await kafka.configure(topics.deadLetters, { 'cleanup.policy': 'delete' })
    await until(async () => expect(await letters(topics)).toEqual([['VAL_TEXT_EMPTY', '0']]))
    await until(async () => expect(await scored(topics)).toHaveLength(2))
    await until(async () => expect((await readiness(processor)).body.checks).toMatchObject({ records: 'ok' }))
    expect(await processor.stop()).toBe(0)
  })
})
