import { randomUUID } from 'node:crypto'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { EventReader } from '@valence/testing/kafka/event-reader'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { createTcpProxy } from '@valence/testing/kafka/tcp-proxy'
import { type FacadeRun, runFacade } from '@valence/testing/processes/facade-run'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'

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

  it('tells how many texts wait for a processor, and when none does', async () => {
    const own = await kafka.createTopics()
    await using run = await runFacade({ ...own.environment, VALENCE_HTTP_KAFKA_ENABLED: 'true' })
    await expect.poll(async () => (await run.readiness()).checks['kafka-stream'], { timeout: 20_000 }).toBe('ok')
    for (const text of ['one', 'two', 'three']) expect((await run.post('/v1/texts', { text })).status).toBe(202)
    await using stream = EventReader.open(`${run.url}/v1/scores/stream`)
    const lag = () => (stream.of('status').at(-1) as { lag: number | null } | undefined)?.lag
    await expect.poll(lag, { timeout: 15_000 }).toBe(3)
    await new ProcessorProcess(own.environment).started()
    await expect.poll(lag, { timeout: 20_000 }).toBe(0)
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

  it('produces a text once for one idempotency key whichever replica it reaches, while Redis answers', async () => {
    const { hostname, port } = new URL(inject('stack').redisUrl)
    const proxy = await createTcpProxy({ host: hostname, port: Number(port) })
    const environment = {
      ...topics.environment,
      VALENCE_HTTP_KAFKA_ENABLED: 'true',
      VALENCE_REDIS_URL: `redis://127.0.0.1:${proxy.port}`,
    }
    await using first = await runFacade(environment)
    await using second = await runFacade(environment)
    const key = randomUUID()
    const send = (run: FacadeRun, text: string, name: string) =>
      run.post('/v1/texts', { text }, { 'idempotency-key': `${key}-${name}` })
    const fallbacks = (run: FacadeRun) => run.metric('valence_http_idempotency_fallbacks_total')
    for (const run of [first, second]) {
      await expect
        .poll(async () => {
          const before = await fallbacks(run)
          await send(run, 'warm up', randomUUID())
          return (await fallbacks(run)) - before
        })
        .toBe(0)
    }

    const [one, two] = await Promise.all([first, second, first, second].map((run) => send(run, `${key} a`, 'a')))
    expect(one?.status).toBe(202)
    expect(await two?.json()).toEqual(await one?.json())
    expect((await send(second, 'Another', 'a')).status).toBe(409)

    proxy.cut()
    const before = await fallbacks(first)
    const ids = await Promise.all(
      [first, second].map(async (run) => ((await (await send(run, `${key} b`, 'b')).json()) as { id: string }).id),
    )
    expect(ids[0]).toBe(ids[1])
    expect(await fallbacks(first)).toBeGreaterThan(before)
    const values = (await readCommitted(kafka.brokers, topics.input)).map(({ value }) => JSON.parse(value ?? '{}'))
    expect(values.filter(({ text }) => text === `${key} a`)).toHaveLength(1)
    expect(new Set(values.filter(({ text }) => text === `${key} b`).map(({ id }) => id)).size).toBe(1)
    await proxy.close()
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
