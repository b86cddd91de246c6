import { readFile } from 'node:fs/promises'
import { compressionTypes, createKafka } from '@valence/producer-sdk/kafka'
import { compareOutput, expectExactlyOnce } from '@valence/testing/counting/invariants'
import { inventTexts, TestKafka } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllProcessors)
afterAll(() => kafka.close())

const megabyte = 1024 * 1024
const strict = { VALENCE_KAFKA_MAX_BATCH_BYTES: String(2 * megabyte) }

describe('a batch of some kilobytes that unpacks to megabytes', { retry: 0 }, () => {
  it('stops its partition, whatever packed it, and nothing else; with a higher limit the work goes on', async () => {
    const codecs = ['gzip', 'snappy', 'lz4', 'zstd'] as const
    const topics = await kafka.createTopics({ partitions: 5 })
    const texts = inventTexts(250, 5)
    const encode = ({ id, text }: { id: string; text: string }) => JSON.stringify({ id, text, attributes: { text } })
    const producer = createKafka({ brokers: kafka.brokers, clientId: 'bomber' }).producer()
    await producer.connect()
    const send = (part: readonly (typeof texts)[number][]) => {
      const messages = part.map((text) => ({
        key: text.key,
        partition: Number(text.key.slice(4)),
        value: encode(text),
      }))
      return producer.send({ topic: topics.input, messages })
    }
    await send(texts.slice(0, 150))
    for (const [partition, codec] of codecs.entries()) {
      const messages = [{ partition, value: Buffer.alloc(4 * megabyte, 'a') }]
      await producer.send({ topic: topics.input, messages, compression: compressionTypes[codec] })
    }
    await send(texts.slice(150))
    await producer.disconnect()

    const processor = await new ProcessorProcess({ ...topics.environment, ...strict }).started()
    const halted = () =>
      new Set(processor.log.filter(({ msg }) => msg === 'the partition stands still').map((line) => line.partition))
    await expect.poll(() => halted().size, { timeout: 60_000 }).toBe(codecs.length)
    expect(processor.log.find(({ msg }) => msg === 'the partition stands still')).toMatchObject({
      level: 'error',
      code: 'VAL_KAFKA_BATCH_TOO_LARGE',
      help: expect.stringContaining('VALENCE_KAFKA_MAX_BATCH_BYTES'),
    })
    const before = texts.filter(({ key }, index) => index < 150 || key === 'key-4')
    await expect
      .poll(async () => (await readCommitted(kafka.brokers, topics.output)).length, { timeout: 30_000 })
      .toBe(before.length)
    expect(await processor.stop()).toBe(0)

    const successor = await new ProcessorProcess(topics.environment).started()
    await kafka.drained(topics)
    expect(await successor.stop()).toBe(0)
    expectExactlyOnce(compareOutput(texts, await readCommitted(kafka.brokers, topics.output)))
    expect(await readCommitted(kafka.brokers, topics.deadLetters)).toHaveLength(codecs.length)
  })
})

/** What the chart allows by default. */
const boundBytes = 1_024 * megabyte
const partitions = 24

/** The most that the process has taken since its start. */
async function peakBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024
}

describe.runIf(process.platform === 'linux')(
  'batches on every partition that unpack to a thousand times their size',
  () => {
    it('take a bounded memory together, and hold nobody up', { retry: 0, timeout: 240_000 }, async () => {
      const topics = await kafka.createTopics({ partitions })
      const producer = createKafka({ brokers: kafka.brokers, clientId: 'bomber' }).producer()
      await producer.connect()
      const send = async (value: Buffer, count: number) => {
        for (let partition = 0; partition < partitions; partition += 1) {
          const messages = Array.from({ length: count }, () => ({ partition, value }))
          await producer.send({ topic: topics.input, messages, compression: compressionTypes.zstd })
        }
      }
      for (let round = 0; round < 2; round += 1) {
        await send(Buffer.alloc(24 * megabyte, 'a'), 1)
        await send(Buffer.alloc(65_000, 'word '), 40)
      }
      await send(Buffer.from('a neighbour'), 1)
      await producer.disconnect()

      const processor = await new ProcessorProcess(topics.environment).started()
      await kafka.drained(topics)
      const peak = await peakBytes(processor.pid as number)
      process.stdout.write(`peak of the processor: ${Math.round(peak / megabyte)} MB\n`)
      // Not read back: the letters carry the bombs, together more than a string can be.
      const metrics = await (await fetch(`http://127.0.0.1:${processor.adminPort}/metrics`)).text()
      const letters = [...metrics.matchAll(/^valence_pipeline_dead_letters_total\{.*\} (\d+)$/gm)]
      expect(letters.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(2 * partitions)
      expect(await processor.stop()).toBe(0)
      expect(peak).toBeLessThan(boundBytes)
    })
  },
)
