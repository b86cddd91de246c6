import { inventTexts, TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllProcessors)
afterAll(() => kafka.close())

const soon = { timeout: 30_000 }

interface Scaling {
  readonly desiredReplicas: number
  readonly reason: string
  readonly state: string
  readonly replicas: number
  readonly uncommitted: number
  readonly total: { readonly lag: number; readonly secondsToDrain: number | null }
  readonly partitions: readonly { readonly partition: number; readonly lag: number; readonly end: string }[]
}

const start = (topics: TestTopics, settings: Readonly<Record<string, string>> = {}) =>
  new ProcessorProcess(
    {
      ...topics.environment,
      VALENCE_SCALING_INTERVAL_MS: '200',
      VALENCE_SCALING_CAPACITY_TEXTS: '10',
      VALENCE_SCALING_DOWN_AFTER_MS: '1000',
      ...settings,
    },
    'lag-service',
  ).started()

async function scaling(service: ProcessorProcess): Promise<Scaling | undefined> {
  const response = await fetch(`http://127.0.0.1:${service.adminPort}/scaling`)
  return response.ok ? ((await response.json()) as Scaling) : undefined
}

const ready = async (service: ProcessorProcess) =>
  (await fetch(`http://127.0.0.1:${service.adminPort}/readyz`)).status === 200

it('asks for processors where there is none, and gives them up once the lag is gone', async () => {
  const topics = await kafka.createTopics({ partitions: 4 })
  const service = await start(topics, { VALENCE_SCALING_MIN_REPLICAS: '0' })
  await expect.poll(() => ready(service), soon).toBe(true)
  expect(await scaling(service)).toMatchObject({
    desiredReplicas: 0,
    replicas: 0,
    uncommitted: 4,
    total: { lag: 0, secondsToDrain: 0 },
  })

  await kafka.produce(topics.input, inventTexts(2_000))
  await expect.poll(async () => (await scaling(service))?.total.lag, soon).toBe(2_000)
  const behind = await scaling(service)
  expect(behind).toMatchObject({ desiredReplicas: 4, replicas: 0, total: { lag: 2_000, secondsToDrain: null } })
  expect(behind?.partitions.reduce((sum, own) => sum + own.lag, 0)).toBe(2_000)

  const metrics = await service.scrape()
  expect(metrics('valence_scaling_desired_replicas')).toBe(4)
  expect(metrics('valence_scaling_replicas')).toBe(0)
  expect(metrics('valence_scaling_lag_records')).toBe(2_000)
  expect(metrics('valence_scaling_lag_records', 'partition="0"')).toBe(behind?.partitions[0]?.lag)
  expect(metrics('valence_scaling_drain_seconds')).toBe(Number.POSITIVE_INFINITY)
  expect(metrics('valence_scaling_decisions_total', 'reason="up"')).toBe(1)

  const processor = await new ProcessorProcess(topics.environment).started()
  await kafka.drained(topics)
  await expect.poll(async () => (await scaling(service))?.replicas, soon).toBe(1)
  await processor.stop()
  await expect.poll(async () => (await scaling(service))?.desiredReplicas, soon).toBe(0)
  expect(await scaling(service)).toMatchObject({ replicas: 0, uncommitted: 0, total: { lag: 0 } })
  expect(await service.stop()).toBe(0)
})

it('says that it knows nothing while no broker answers', async () => {
  const topics = await kafka.createTopics({ partitions: 1 })
  const service = await start(topics, { VALENCE_KAFKA_BROKERS: '127.0.0.1:1' })
  await service.logged('group query failed, keeping the last count')
  expect(await ready(service)).toBe(false)
  expect((await fetch(`http://127.0.0.1:${service.adminPort}/scaling`)).status).toBe(503)
  expect(await service.stop()).toBe(0)
})
