import { once } from 'node:events'
import { inventTexts, TestKafka } from '@valence/testing/counting/workload'
import { createTcpProxy } from '@valence/testing/kafka/tcp-proxy'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllCommands, startCli } from '@valence/testing/processes/cli-process'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest'

let kafka: TestKafka
let model: Awaited<ReturnType<typeof writeTinyModel>>

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
  model = await writeTinyModel()
})
afterEach(async () => {
  killAllCommands()
  await killAllProcessors()
})
afterAll(() => Promise.all([kafka.close(), model.remove()]))

interface Top {
  readonly group: {
    readonly members: number
    readonly error: { readonly code: string } | null
    readonly lag: {
      readonly state: string
      readonly partitions: readonly { readonly lag: number; readonly owner: string; readonly committed: string }[]
      readonly total: { readonly lag: number }
    } | null
  }
  readonly processes: readonly { readonly error: string | null; readonly report: Report | null }[]
  readonly total: Pick<Report, 'errors'> | null
}

interface Report {
  readonly textsPerSecond: number
  readonly p50Seconds: number | null
  readonly p99Seconds: number | null
  readonly batchTexts: number | null
  readonly cacheHitRatio: number | null
  readonly errors: readonly { readonly what: string; readonly total: number }[]
}

/** `valence top --json`, one look after the other, until one is as wanted. */
async function lookUntil(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  isWanted: (top: Top) => boolean,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<readonly Top[]> {
  const { child, ended } = startCli(['top', '--json', '--interval-ms', '200', ...args], { environment })
  const seen: Top[] = []
  let rest = ''
  const found = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: string) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop() ?? ''
      seen.push(...lines.map((line) => JSON.parse(line) as Top))
      if (seen.some(isWanted)) resolve()
    })
  })
  await once(child.stdout, 'data')
  await meanwhile()
  await found
  child.kill('SIGINT')
  expect((await ended).code).toBe(0)
  return seen
}

it('shows a processor at work: owner, rates, latency, batches, cache and dead letters', async () => {
  const topics = await kafka.createTopics({ partitions: 2 })
  const processor = await new ProcessorProcess({
    ...topics.environment,
    VALENCE_MODEL: model.folder,
    VALENCE_KAFKA_INSTANCE_ID: 'desk-7',
  }).started()
  const texts = inventTexts(200)
  const seen = await lookUntil(
    ['--admin', `127.0.0.1:${processor.adminPort}`],
    topics.environment,
    ({ total, group }) => group.lag?.total.lag === 0 && (total?.errors.length ?? 0) > 0,
    async () => {
      await kafka.produce(topics.input, texts)
      await kafka.drained(topics)
      // Only now: what is asked twice at once is scored once and never asks the cache.
      await kafka.produce(topics.input, texts)
      await kafka.drained(topics)
      await kafka.produceRaw(topics.input, ['{"id": '])
      await kafka.drained(topics)
    },
  )
  const last = seen.at(-1)
  expect(last?.group).toMatchObject({ members: 1, error: null, lag: { state: 'Stable', total: { lag: 0 } } })
  expect(last?.group.lag?.partitions.map(({ owner }) => owner)).toEqual(['desk-7', 'desk-7'])
  const committed = last?.group.lag?.partitions.reduce((sum, own) => sum + Number(own.committed), 0)
  expect(committed).toBe(401)
  expect(last?.total?.errors).toContainEqual(
    expect.objectContaining({ what: 'dead letters VAL_RECORD_JSON_INVALID', total: 1 }),
  )
  const busy = seen.flatMap(({ processes }) => processes.flatMap(({ report }) => report ?? []))
  expect(busy.some(({ textsPerSecond }) => textsPerSecond > 0)).toBe(true)
  expect(
    busy.some(({ p99Seconds, p50Seconds }) => Number(p50Seconds) > 0 && Number(p99Seconds) >= Number(p50Seconds)),
  ).toBe(true)
  expect(busy.some(({ batchTexts }) => Number(batchTexts) >= 1)).toBe(true)
  expect(busy.some(({ cacheHitRatio }) => Number(cacheHitRatio) > 0)).toBe(true)
})

it('says that no broker answers, goes on asking, and shows the group once one does', async () => {
  const topics = await kafka.createTopics({ partitions: 1 })
  const { hostname, port } = new URL(`kafka://${kafka.brokers.split(',')[0]}`)
  const proxy = await createTcpProxy({ host: hostname, port: Number(port) })
  try {
    proxy.cut()
    const seen = await lookUntil(
      [],
      { ...topics.environment, VALENCE_KAFKA_BROKERS: `127.0.0.1:${proxy.port}`, VALENCE_ADMIN_PORT: '0' },
      ({ group }) => group.lag !== null,
      async () => proxy.resume(),
    )
    expect(seen.some(({ group }) => group.error?.code === 'VAL_KAFKA_UNREACHABLE')).toBe(true)
    expect(seen.at(-1)).toMatchObject({
      group: { error: null, lag: { total: { lag: 0 } } },
      processes: [],
      total: null,
    })
  } finally {
    await proxy.close()
  }
})
