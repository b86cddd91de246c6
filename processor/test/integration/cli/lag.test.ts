import { createKafka } from '@valence/producer-sdk/kafka'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { killAllCommands, runCliJson, runCliProcess } from '@valence/testing/processes/cli-process'
import { probeCli } from '@valence/testing/processes/cli-run'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { runCli } from '../../../src/cli/cli.ts'

let kafka: TestKafka
let topics: TestTopics

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
beforeEach(async () => {
  topics = await kafka.createTopics({ partitions: 2 })
})
afterEach(killAllCommands)
afterAll(() => kafka.close())

interface Lag {
  readonly groupId: string
  readonly state: string
  readonly partitions: readonly {
    readonly partition: number
    readonly committed: string | null
    readonly end: string
    readonly lag: number
    readonly owner: string | null
    readonly arrivalsPerSecond: number
    readonly donePerSecond: number | null
    readonly secondsToDrain: number | null
  }[]
  readonly total: { readonly lag: number; readonly arrivalsPerSecond: number; readonly secondsToDrain: number | null }
}

const fast = ['--interval-ms', '200']
const readLag = (environment = topics.environment) => runCliJson<Lag>(['lag', ...fast], { environment })

function write(partition: number, count: number) {
  const messages = Array.from({ length: count }, () => ({ value: 'x', partition }))
  const producer = createKafka({ brokers: kafka.brokers, clientId: 'test' }).producer()
  return producer
    .connect()
    .then(() => producer.send({ topic: topics.input, messages }))
    .finally(() => producer.disconnect())
}

describe('valence lag', () => {
  it('counts what a group that never was has before it', async () => {
    await write(1, 5)
    const lag = await readLag()
    expect(lag).toMatchObject({ groupId: topics.groupId, total: { lag: 5, secondsToDrain: null } })
    expect(lag.partitions.map((own) => [own.partition, own.committed, own.end, own.lag, own.owner])).toEqual([
      [0, null, '0', 0, null],
      [1, null, '5', 5, null],
    ])
  })

  it('counts nothing where the group would begin at the end', async () => {
    await write(0, 5)
    expect((await readLag({ ...topics.environment, VALENCE_KAFKA_START: 'latest' })).total.lag).toBe(0)
  })

  it('counts from the committed offset', async () => {
    await write(0, 10)
    const { groupId, input } = topics
    await kafka.admin.setOffsets({ groupId, topic: input, partitions: [{ partition: 0, offset: '7' }] })
    const [first] = (await readLag()).partitions
    expect(first).toMatchObject({ committed: '7', end: '10', lag: 3 })
  })

  it('counts from the beginning of the log where records before it are gone', async () => {
    await write(0, 10)
    // kafkajs looks for leaders in what it knows already.
    await kafka.admin.fetchTopicOffsets(topics.input)
    await kafka.admin.deleteTopicRecords({ topic: topics.input, partitions: [{ partition: 0, offset: '6' }] })
    expect((await readLag()).total.lag).toBe(4)
  })

  it('names the owner of each partition and the state of the group', async () => {
    const consumer = createKafka({ brokers: kafka.brokers, clientId: 'reader-7' }).consumer({ groupId: topics.groupId })
    await consumer.connect()
    await consumer.subscribe({ topics: [topics.input] })
    const joined = new Promise((resolve) => consumer.on(consumer.events.GROUP_JOIN, resolve))
    await consumer.run({ eachBatch: async () => undefined })
    await joined
    const lag = await readLag()
    await consumer.disconnect()
    expect(lag.state).toBe('Stable')
    expect(lag.partitions.map(({ owner }) => owner)).toEqual(['reader-7', 'reader-7'])
  })

  it('measures what comes in between two samples', async () => {
    const lagging = runCliJson<Lag>(['lag', '--interval-ms', '3000'], { environment: topics.environment })
    const writing = setInterval(() => void kafka.produceRaw(topics.input, ['x', 'y']), 100)
    const { total } = await lagging.finally(() => clearInterval(writing))
    expect(total.arrivalsPerSecond).toBeGreaterThan(3)
    expect(total.arrivalsPerSecond).toBeLessThan(40)
    expect(total.secondsToDrain).toBeNull()
  })

  it('prints a table once where its output is piped', async () => {
    await write(0, 3)
    const { code, stdout } = await runCliProcess(['lag', ...fast], { environment: topics.environment })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^TOPIC +PARTITION +COMMITTED +END +LAG +IN\/s +DONE\/s +DRAINED IN +OWNER$/m)
    expect(stdout).toMatch(/ 0 +- +3 +3 +0 +- +never +-$/m)
    expect(stdout).toMatch(/^total +3 /m)
    expect(stdout).not.toContain('\u001b')
  })

  it('writes over itself on a terminal until it is told to stop', async () => {
    await write(0, 3)
    const probe = probeCli({ environment: topics.environment, terminal: true })
    const running = runCli(['lag', ...fast], probe.context)
    await vi.waitFor(() => expect(probe.stdout.text.match(/^total/gm)?.length).toBeGreaterThan(2), { timeout: 30_000 })
    probe.stop()
    expect(await running).toBe(0)
    // Six lines up: group, blank, titles, two partitions, total.
    expect(probe.stdout.text).toContain('\u001b[6A')
    expect(probe.stderr.text).toBe('')
  })

  it('says which topic does not exist', async () => {
    const environment = { ...topics.environment, VALENCE_INPUT_TOPICS: `${topics.input}.none` }
    const { code, stderr } = await runCliProcess(['lag', ...fast], { environment })
    expect(code).toBe(1)
    expect(stderr).toContain('VAL_KAFKA_TOPIC_MISSING')
  })
})
