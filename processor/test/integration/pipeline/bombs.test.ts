import { compressionTypes, createKafka } from '@valence/producer-sdk/kafka'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest'
import { readCommitted } from '../../support/independent-reader.ts'
import { compareOutput, expectExactlyOnce } from '../../support/invariants.ts'
import { killAllProcessors, ProcessorProcess } from '../../support/processor-process.ts'
import { inventTexts, TestKafka } from '../../support/workload.ts'

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
