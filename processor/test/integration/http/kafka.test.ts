import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { EventReader } from '../../support/event-reader.ts'
import { runFacade } from '../../support/facade-run.ts'
import { readCommitted } from '../../support/independent-reader.ts'
import { killAllProcessors, ProcessorProcess } from '../../support/processor-process.ts'
import { TestKafka, type TestTopics } from '../../support/workload.ts'

let kafka: TestKafka
let topics: TestTopics

const withKafka = () => runFacade({ ...topics.environment, VALENCE_HTTP_KAFKA_ENABLED: 'true' })

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
  topics = await kafka.createTopics()
})
afterEach(killAllProcessors)
afterAll(() => kafka.close())

describe('texts in over HTTP, scores out over the stream', () => {
  it('goes the whole way, filtered, and resumes where a client left', async () => {
    await using run = await withKafka()
    await new ProcessorProcess(topics.environment).started()
    await expect.poll(async () => (await run.readiness()).checks['kafka-stream'], { timeout: 20_000 }).toBe('ok')
    await using all = EventReader.open(`${run.url}/v1/scores/stream`)
    await using web = EventReader.open(`${run.url}/v1/scores/stream?source=web`)
    await expect.poll(() => run.metric('valence_http_streams')).toBe(2)

    const accepted = await run.post('/v1/texts', { id: 'a', text: 'I love it', source: 'web' })
    expect(accepted.status).toBe(202)
    expect(await accepted.json()).toMatchObject({
      id: 'a',
      topic: topics.input,
      offset: expect.stringMatching(/^\d+$/),
    })
    await run.post('/v1/texts', { id: 'b', text: 'I hate it', source: 'app' })

    const idsOf = (reader: EventReader) => reader.of('score').map((event) => (event as { id: string }).id)
    await expect.poll(() => idsOf(all).sort(), { timeout: 20_000 }).toEqual(['a', 'b'])
    expect(all.of('score')).toContainEqual(expect.objectContaining({ id: 'a', label: 'positive', source: 'web' }))
    expect(idsOf(web)).toEqual(['a'])
    await expect.poll(() => all.of('status').length, { timeout: 10_000 }).toBeGreaterThan(0)

    const left = all.lastId ?? ''
    await all[Symbol.asyncDispose]()
    await run.post('/v1/texts', { id: 'c', text: 'It is Monday' })
    await expect.poll(() => run.metric('valence_http_streams')).toBe(1)
    await using again = EventReader.open(`${run.url}/v1/scores/stream`, { 'last-event-id': left })
    await expect.poll(() => idsOf(again), { timeout: 20_000 }).toEqual(['c'])
  })

  it('produces a text once for one idempotency key', async () => {
    await using run = await withKafka()
    const send = (text: string) => run.post('/v1/texts', { text }, { 'idempotency-key': 'once' })
    const [first, second] = [await send('The same'), await send('The same')]
    expect(await second.json()).toEqual(await first.json())
    expect((await send('Another')).status).toBe(409)
    const values = (await readCommitted(kafka.brokers, topics.input)).map(({ value }) => JSON.parse(value ?? '{}'))
    expect(values.filter(({ text }) => text === 'The same')).toHaveLength(1)
  })

  it('keeps scoring and says 503 for texts and streams while Kafka is away', async () => {
    await using run = await runFacade({
      ...topics.environment,
      VALENCE_KAFKA_BROKERS: '127.0.0.1:1',
      VALENCE_HTTP_KAFKA_ENABLED: 'true',
    })
    const refused = await run.post('/v1/texts', { text: 'nobody there' })
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ code: 'VAL_INTAKE_UNAVAILABLE' })
    expect(refused.headers.get('retry-after')).toBe('1')
    expect((await fetch(`${run.url}/v1/scores/stream`)).status).toBe(503)
    expect((await run.score('still here')).status).toBe(200)
    expect(await run.readiness()).toMatchObject({ status: 'ok', checks: { 'kafka-stream': 'degraded', engine: 'ok' } })
  })
})
