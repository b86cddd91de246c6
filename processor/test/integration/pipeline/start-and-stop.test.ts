import { compareOutput, expectExactlyOnce } from '@valence/testing/counting/invariants'
import { inventTexts, TestKafka } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllProcessors)
afterAll(() => kafka.close())

/** What a process that ends by itself leaves behind. */
async function outcome(environment: Readonly<Record<string, string>>) {
  const processor = new ProcessorProcess(environment)
  const { code } = await processor.exited
  return { code, output: processor.log.map(({ msg }) => msg).join('\n') }
}

describe('starting', () => {
  it('exits 2 on a wrong configuration, with all problems and the nearest names', async () => {
    const { code, output } = await outcome({ VALENCE_KAFKA_BROKER: 'x:1', VALENCE_LOG_LEVEL: 'loud' })
    expect(code).toBe(2)
    expect(output).toContain('did you mean VALENCE_KAFKA_BROKERS?')
    expect(output).toContain('VALENCE_LOG_LEVEL')
  })

  it('refuses to start without its model and says which file is missing', async () => {
    const { code, output } = await outcome({ VALENCE_MODEL: '/nowhere/at/all' })
    expect(code).toBe(1)
    expect(output).toContain('VAL_MODEL_MISSING')
    expect(output).toContain('/nowhere/at/all/model.json')
  })

  it('says which topic is missing', async () => {
    const topics = await kafka.createTopics()
    const { code, output } = await outcome({ ...topics.environment, VALENCE_OUTPUT_TOPIC: 'no-such-topic' })
    expect(code).toBe(1)
    expect(output).toContain('VAL_KAFKA_TOPIC_MISSING')
    expect(output).toContain('valence topics create')
  })

  it('retries an unreachable broker with a clear line, and stops when asked', async () => {
    const processor = new ProcessorProcess({ VALENCE_KAFKA_BROKERS: '127.0.0.1:1' })
    await processor.logged('no Kafka broker answers yet')
    expect(processor.log.at(-1)).toMatchObject({ code: 'VAL_KAFKA_UNREACHABLE', level: 'warn' })
    expect(await processor.stop()).toBe(0)
  })

  it('exits 0 when it is told to stop while its threads read the graph, which nothing can interrupt', async () => {
    const preload = new URL('../../../../testing/src/models/slow-graph.preload.ts', import.meta.url)
    const processor = new ProcessorProcess({ NODE_OPTIONS: `--import ${preload}` })
    await processor.logged('the graph is being read')
    processor.signal('SIGTERM')
    expect(await processor.exited).toEqual({ code: 0, signal: null })
  })

  it('stops when asked although the group lets it wait for another member', async () => {
    const topics = await kafka.createTopics()
    const environment = { ...topics.environment, VALENCE_KAFKA_SESSION_TIMEOUT_MS: '90000' }
    const hung = await new ProcessorProcess(environment).started()
    hung.signal('SIGSTOP')
    const processor = new ProcessorProcess(environment)
    await expect
      .poll(async () => (await kafka.admin.describeGroups([topics.groupId])).groups[0]?.state)
      .toBe('PreparingRebalance')
    const begin = performance.now()
    expect(await processor.stop()).toBe(0)
    // The default of VALENCE_SHUTDOWN_TIMEOUT_MS; the group waits for a session.
    expect(performance.now() - begin).toBeLessThan(20_000)
  })

  it('is live before it is ready, and ready once it has its partitions', async () => {
    const topics = await kafka.createTopics()
    const processor = await new ProcessorProcess(topics.environment).started()
    const status = async (path: string) => (await fetch(`http://127.0.0.1:${processor.adminPort}${path}`)).status
    expect(await status('/livez')).toBe(200)
    await vi.waitFor(async () => expect(await status('/readyz')).toBe(200), { timeout: 30_000, interval: 100 })
    expect(await status('/metrics')).toBe(200)
  })
})

describe('stopping', () => {
  it('drains in mid-stream and hands over to a second processor without loss or duplicates', async () => {
    const topics = await kafka.createTopics()
    const texts = inventTexts(1_500)
    await kafka.produce(topics.input, texts)
    const first = await new ProcessorProcess(topics.environment).started()
    await first.logged('partition taken')
    const second = await new ProcessorProcess(topics.environment).started()
    expect(await first.stop()).toBe(0)
    await kafka.drained(topics)
    expectExactlyOnce(compareOutput(texts, await readCommitted(kafka.brokers, topics.output)))
    expect(await second.stop()).toBe(0)
  })
})
