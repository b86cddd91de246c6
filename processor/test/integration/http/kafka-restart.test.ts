import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { TestKafka } from '@valence/testing/counting/workload'
import { EventReader } from '@valence/testing/kafka/event-reader'
import { independentIds } from '@valence/testing/kafka/independent-ids'
import { runFacade } from '@valence/testing/processes/facade-run'
import { afterAll, beforeAll, expect, it } from 'vitest'

let stack: LocalStack
let kafka: TestKafka

beforeAll(async () => {
  stack = await startLocalStack({ parts: ['kafka'] })
  kafka = await TestKafka.connect(stack.brokers)
}, 180_000)
afterAll(async () => {
  await kafka?.close()
  await stack?.stop()
})

it('Kafka killed and back under load: no score fails, texts are refused or kept, streams go on', {
  timeout: 180_000,
}, async () => {
  const topics = await kafka.createTopics()
  await using run = await runFacade({
    ...topics.environment,
    VALENCE_HTTP_KAFKA_ENABLED: 'true',
    VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0',
    VALENCE_HTTP_RATE_LIMIT_TEXTS: '0',
  })
  await expect.poll(async () => (await run.readiness()).checks['kafka-stream'], { timeout: 20_000 }).toBe('ok')
  await using stream = EventReader.open(`${run.url}/v1/scores/stream`)
  await expect.poll(() => run.metric('valence_http_streams')).toBe(1)

  const streamed = () => stream.of('score').map((event) => (event as { id: string }).id)
  await kafka.produceRaw(topics.output, [scoredEvent('before')])
  await expect.poll(streamed, { timeout: 20_000 }).toEqual(['before'])

  const load = { on: true }
  const scores = new Map<number, number>()
  const accepted: string[] = []
  const refusals = new Map<number, number>()
  const count = (map: Map<number, number>, status: number) => map.set(status, (map.get(status) ?? 0) + 1)
  const scoring = (async () => {
    for (let i = 0; load.on; i++) count(scores, (await run.score(`score ${i}`)).status)
  })()
  const producing = (async () => {
    for (let i = 0; load.on; i++) {
      const { status } = await run.post('/v1/texts', { id: `text-${i}`, text: `text ${i}` })
      if (status === 202) accepted.push(`text-${i}`)
      else count(refusals, status)
    }
  })()

  await expect.poll(() => accepted.length, { timeout: 20_000 }).toBeGreaterThan(20)
  await stack.kafka.kill(0)
  await expect.poll(() => run.metric('valence_breaker_state', 'part="kafka"'), { timeout: 60_000 }).toBe(2)
  expect(await run.readiness()).toMatchObject({ status: 'ok', checks: { kafka: 'degraded', engine: 'ok' } })
  const whileDown = accepted.length
  await stack.kafka.restart(0)
  await expect.poll(() => accepted.length, { timeout: 60_000 }).toBeGreaterThan(whileDown + 20)
  await expect.poll(() => run.metric('valence_breaker_state', 'part="kafka"'), { timeout: 20_000 }).toBe(0)
  load.on = false
  await Promise.all([scoring, producing])

  expect([...scores.keys()]).toEqual([200])
  expect([...refusals.keys()]).toEqual([503])
  const kept = await independentIds(stack.brokers, topics.input)
  expect(accepted.filter((id) => !kept.has(id))).toEqual([])

  await kafka.produceRaw(topics.output, [scoredEvent('after')])
  await expect.poll(streamed, { timeout: 60_000 }).toEqual(['before', 'after'])
})

function scoredEvent(id: string): string {
  const model = { name: 'm', version: '1', sha256: 'abcdefabcdef' }
  const facts = {
    label: 'positive',
    scores: { positive: 1 },
    valence: 1,
    tokens: 3,
    truncated: false,
    scoredAt: Date.now(),
  }
  return JSON.stringify({
    id,
    occurredAt: null,
    source: null,
    lang: null,
    attributes: {},
    ...facts,
    model,
    origin: null,
  })
}
