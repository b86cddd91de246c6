import { runScript } from '@valence/testing/kafkajs/run-script'
import { describe, expect, it } from 'vitest'
import { brokers, createClient, createTopic, readValues } from '../support/real-kafka.ts'

const run = <Result>(topic: string, defect: string, overlay: boolean) =>
  runScript<Result>(new URL('../support/defects.script.ts', import.meta.url), {
    brokers: brokers(),
    topic,
    defect,
    overlay,
  })

/** Stock kafkajs and the overlay, each in a process of its own, on the same broker. */
describe('a defect of kafkajs', () => {
  it('C: a record for an unknown partition is lost without a word; ours says so', async () => {
    const topic = await createTopic()
    expect(await run(topic, 'missing-partition', false)).toEqual({ sent: [] })
    expect(await readValues(topic)).toEqual([])
    expect(await run(topic, 'missing-partition', true)).toEqual({ sent: expect.stringMatching(/^KafkaJS/) })
  })

  it('D: an end of a transaction that is lost with its connection leaves a dead producer; ours goes on', async () => {
    const topic = await createTopic()
    const stock = await run<{ commit: string; next: string }>(topic, 'lost-end', false)
    expect(stock).toEqual({ commit: expect.stringMatching(/^KafkaJS/), next: expect.stringMatching(/^KafkaJS/) })
    const other = await createTopic()
    expect(await run(other, 'lost-end', true)).toEqual({ commit: 'committed', next: 'committed' })
    expect(await readValues(other)).toEqual(['first', 'second'])
  })

  it('E: after the last sequence number nothing is written any more; ours begins anew', async () => {
    const topic = await createTopic()
    expect(await run(topic, 'last-sequence', false)).toEqual({ sent: expect.stringMatching(/^KafkaJS/) })
    const other = await createTopic()
    expect(await run(other, 'last-sequence', true)).toEqual({ sent: 'all' })
    expect(await readValues(other)).toEqual(['1', '2', '3', '4', '5', '6'])
  })

  it('G1: a send costs its number of records squared; ours does not', async () => {
    const topic = await createTopic()
    const stock = await run<{ cpuMs: number }>(topic, 'large-send', false)
    const own = await run<{ cpuMs: number }>(topic, 'large-send', true)
    expect(own.cpuMs).toBeLessThan(stock.cpuMs)
  })

  it('J: a batch of 150,000 records ends the consumer; ours reads it', async () => {
    const topic = await createTopic()
    const producer = createClient().producer()
    await producer.connect()
    const messages = Array.from({ length: 150_000 }, () => ({ value: 'x' }))
    await producer.send({ topic, messages, compression: 1 })
    await producer.disconnect()
    expect(await run(topic, 'large-batch', false)).toEqual({ crash: expect.stringContaining('call stack') })
    expect(await run(topic, 'large-batch', true)).toEqual({ records: 150_000 })
  })
})
