import { setTimeout as delay } from 'node:timers/promises'
import { type AcknowledgedText, compareOutput, expectExactlyOnce } from '@valence/testing/counting/invariants'
import { inventTexts, TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllCommands, runCliJson, runCliProcess, startCli } from '@valence/testing/processes/cli-process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'

let kafka: TestKafka
let topics: TestTopics
let output: string
let environment: Readonly<Record<string, string>>
let model: Awaited<ReturnType<typeof writeTinyModel>>

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
  model = await writeTinyModel()
})
beforeEach(async () => {
  topics = await kafka.createTopics({ partitions: 3 })
  // Another set of topics, of which the replay takes the output.
  output = (await kafka.createTopics({ partitions: 2 })).output
  environment = { ...topics.environment, VALENCE_MODEL: model.folder, VALENCE_INFERENCE_WORKERS: '1' }
})
afterEach(killAllCommands)
afterAll(async () => {
  await model.remove()
  await kafka.close()
})

interface Replayed {
  readonly scored: number
  readonly rejected: number
  readonly group: string
}

const args = (from: number, to: number) => {
  const [begin, end] = [new Date(from).toISOString(), new Date(to).toISOString()]
  return ['replay', '--from', begin, '--to', end, '--output', output]
}

/** Three spans of texts, with moments between them. */
async function produceSpans(texts: readonly AcknowledgedText[], spans: number): Promise<number[]> {
  const size = texts.length / spans
  const moments: number[] = []
  for (let span = 0; span < spans; span += 1) {
    moments.push(Date.now())
    await kafka.produce(topics.input, texts.slice(span * size, (span + 1) * size))
    await delay(20)
  }
  return [...moments, Date.now()]
}

/** Offsets of the topic so far, at once: reading it takes longer than a short run. */
async function writtenTo(topic: string): Promise<number> {
  const partitions = await kafka.admin.fetchTopicOffsets(topic).catch(() => [])
  return partitions.reduce((sum, { high }) => sum + Number(high), 0)
}

describe('valence replay', () => {
  it('scores what came between two moments, once, into a topic of its own', async () => {
    const texts = inventTexts(900)
    const [, from = 0, to = 0] = await produceSpans(texts, 3)
    const first = await runCliJson<Replayed>(args(from, to), { environment })
    expect(first).toMatchObject({ scored: 300, rejected: 0 })
    const again = await runCliJson<Replayed>(args(from, to), { environment })
    expect(again).toMatchObject({ scored: 0, rejected: 0, group: first.group })

    expectExactlyOnce(compareOutput(texts.slice(300, 600), await readCommitted(kafka.brokers, output)))
    expect(await readCommitted(kafka.brokers, topics.output)).toEqual([])
    expect(await kafka.remaining(topics)).toBe(900)
  })

  it('goes on where it was killed', async () => {
    const texts = inventTexts(6_000)
    const [from = 0, to = 0] = await produceSpans(texts, 1)
    const slow = { ...environment, VALENCE_KAFKA_BATCH_MAX_RECORDS: '20', VALENCE_INFERENCE_WORKERS: '1' }
    const killed = startCli([...args(from, to), '--json'], { environment: slow, input: '' })
    await expect.poll(() => writtenTo(output), { timeout: 60_000, interval: 10 }).toBeGreaterThan(100)
    killed.child.kill('SIGKILL')
    expect((await killed.ended).signal).toBe('SIGKILL')

    const rest = await runCliJson<Replayed>(args(from, to), { environment })
    expect(rest.scored).toBeGreaterThan(0)
    expect(rest.scored).toBeLessThan(6_000)
    expectExactlyOnce(compareOutput(texts, await readCommitted(kafka.brokers, output)))
  })

  it('counts what is no text, and makes no second dead letter of it', async () => {
    const from = Date.now()
    await kafka.produceRaw(topics.input, ['{"text": ', 'good'])
    const { code, stdout } = await runCliProcess([...args(from, Date.now() + 60_000), '--json'], { environment })
    expect(code).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ scored: 1, rejected: 1 })
    expect(await readCommitted(kafka.brokers, topics.deadLetters)).toEqual([])
  })

  it('names those whose scores the broker refuses, and scores the others', async () => {
    await kafka.configure(output, { 'cleanup.policy': 'compact' })
    const from = Date.now()
    const messages = ['a', null, 'b', null].map((key, at) => ({ key, value: `fine words ${at}`, partition: 1 }))
    await kafka.send(topics.input, messages)
    const given = [...args(from, Date.now() + 60_000), '--json']
    const { code, stdout, stderr } = await runCliProcess(given, { environment })
    expect(JSON.parse(stdout)).toMatchObject({ scored: 2, rejected: 0, refused: 2 })
    expect(stderr).toMatch(/^record 1:1: VAL_RECORD_REFUSED_BY_BROKER.*INVALID_RECORD\nrecord 1:3: /m)
    expect(code).toBe(1)
    const keys = (await readCommitted(kafka.brokers, output)).map(({ key }) => key)
    expect(keys.toSorted()).toEqual(['a', 'b'])
  })

  it.each([
    ['without a beginning', ['--output', 'x'], '--from is needed'],
    ['without an output', ['--from', '1h'], '--output is needed'],
    ['into its own past', ['--from', '1h', '--to', '2h', '--output', 'x'], '--from must lie before --to'],
  ])('refuses to run %s', async (_, given, message) => {
    const { code, stderr } = await runCliProcess(['replay', ...given], { environment })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  it('refuses the topics that are in use, and one that is not there', async () => {
    const live = await runCliProcess(['replay', '--from', '1h', '--output', topics.output], { environment })
    expect(live).toMatchObject({ code: 2, stderr: expect.stringContaining('is in use') })
    const none = await runCliProcess(['replay', '--from', '1h', '--output', 'not-there'], { environment })
    expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining('VAL_KAFKA_TOPIC_MISSING') })
  })
})
