import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Kafka, Message, ProducerConfig, ProducerRecord, RecordMetadata } from '../../../src/kafka/index.ts'
import { createKafka } from '../../../src/kafka/index.ts'
import { createTextProducer, type TextProducer, type TextProducerOptions } from '../../../src/producer/text-producer.ts'

const connect = vi.fn(async () => {})
const disconnect = vi.fn(async () => {})
const sent: ProducerRecord[] = []
const send = vi.fn<(record: ProducerRecord) => Promise<RecordMetadata[]>>()
let config: ProducerConfig = {}

/** A real client whose producers do not reach the network: partition 0 takes everything. */
function createClient(): Kafka {
  const kafka = createKafka({ brokers: 'localhost:1', clientId: 'test' })
  kafka.producer = (own = {}) => {
    config = own
    const partitionOf = own.createPartitioner?.()
    const choose = (message: Message) =>
      partitionOf?.({ topic: 'texts', message, partitionMetadata: [{ partitionId: 0, leader: 1 }] as never })
    send.mockImplementation(async (record) => {
      const baseOffset = String(sent.flatMap(({ messages }) => messages).length)
      sent.push(record)
      record.messages.forEach(choose)
      return [{ topicName: record.topic, partition: 0, errorCode: 0, baseOffset }]
    })
    return { connect, disconnect, send } as never
  }
  return kafka
}

let producer: TextProducer

function create(options: Partial<TextProducerOptions> = {}): TextProducer {
  producer = createTextProducer({
    kafka: createClient(),
    topic: 'texts',
    lingerMs: 1,
    ...options,
  } as TextProducerOptions)
  return producer
}

function values(): { id: string; text: string; occurredAt: number }[] {
  return sent.flatMap(({ messages }) => messages.map(({ value }) => JSON.parse(String(value))))
}

describe('createTextProducer', () => {
  afterEach(async () => {
    await producer?.close()
    vi.clearAllMocks()
    sent.length = 0
  })

  it('is idempotent and creates no topic by accident', () => {
    create()
    expect(config).toMatchObject({ idempotent: true, allowAutoTopicCreation: false })
  })

  it('resolves with where the record was written', async () => {
    await expect(create().send({ id: 'a', text: 'hello' }, { key: 'k' })).resolves.toEqual({
      id: 'a',
      topic: 'texts',
      partition: 0,
      offset: '0',
    })
  })

  it('connects once, with the first send', async () => {
    create()
    expect(connect).not.toHaveBeenCalled()
    await Promise.all([producer.send({ text: 'a' }), producer.send({ text: 'b' })])
    expect(connect).toHaveBeenCalledOnce()
  })

  it('batches what is sent together, in order', async () => {
    // Leaves when it is full: how long a busy machine takes to encode three texts does not matter.
    create({ batchMaxRecords: 3, lingerMs: 60_000 })
    await Promise.all(['a', 'b', 'c'].map((text) => producer.send({ text })))
    expect(sent).toHaveLength(1)
    expect(values().map(({ text }) => text)).toEqual(['a', 'b', 'c'])
  })

  it('throws what is wrong with an event before anything is buffered', async () => {
    create()
    await expect(producer.send({ text: '' })).rejects.toMatchObject({ code: 'VAL_TEXT_EMPTY' })
    await expect(producer.send({ text: 'x'.repeat(70_000) })).rejects.toMatchObject({ code: 'VAL_TEXT_TOO_LARGE' })
    await expect(producer.send({ text: 'x', occurredAt: 'soon' })).rejects.toMatchObject({ code: 'VAL_RECORD_INVALID' })
    await producer.flush()
    expect(send).not.toHaveBeenCalled()
  })

  it('tries to connect again after a connection that failed', async () => {
    connect.mockRejectedValueOnce(Object.assign(new Error('refused'), { name: 'KafkaJSConnectionError' }))
    create()
    await expect(producer.send({ text: 'a' })).rejects.toMatchObject({ code: 'VAL_KAFKA_UNREACHABLE' })
    await expect(producer.send({ text: 'a' })).resolves.toMatchObject({ offset: '0' })
  })

  it('flushes on close and takes nothing after', async () => {
    create({ lingerMs: 10_000 })
    await producer.connect()
    const pending = producer.send({ text: 'last' })
    // One turn, so that the record is in the buffer.
    await new Promise(setImmediate)
    await producer.close()
    await expect(pending).resolves.toMatchObject({ offset: '0' })
    expect(disconnect).toHaveBeenCalledOnce()
    await expect(producer.send({ text: 'late' })).rejects.toMatchObject({ code: 'VAL_PRODUCER_CLOSED' })
  })

  it('sends all of an iterable, sync or async', async () => {
    create()
    const optionsFor = ({ id }: { id?: string | null | undefined }) => ({ key: id })
    const onSent = vi.fn()
    await expect(
      producer.sendAll(
        [
          { id: '1', text: 'a' },
          { id: '2', text: 'b' },
        ],
        { optionsFor, onSent },
      ),
    ).resolves.toBe(2)
    async function* later() {
      yield { text: 'c' }
    }
    await expect(producer.sendAll(later())).resolves.toBe(1)
    expect(onSent).toHaveBeenCalledTimes(2)
    expect(sent.flatMap(({ messages }) => messages.map(({ key }) => key))).toEqual(['1', '2', null])
  })

  it('stops reading at the first failure and rejects with it, after the rest has settled', async () => {
    create({ batchMaxRecords: 1 })
    await producer.connect()
    send.mockRejectedValueOnce(new Error('no'))
    let read = 0
    function* endless() {
      for (;;) yield { text: String(++read) }
    }
    await expect(producer.sendAll(endless())).rejects.toMatchObject({ code: 'VAL_PRODUCER_FAILED' })
    expect(read).toBeLessThan(100)
  })

  it('finishes what it took from an iterable that throws', async () => {
    create()
    function* broken() {
      yield { text: 'a' }
      throw new Error('line 2')
    }
    await expect(producer.sendAll(broken())).rejects.toThrow('line 2')
    expect(values()).toHaveLength(1)
  })

  it('needs a registry for Avro', () => {
    expect(() => createTextProducer({ brokers: 'b:1', format: 'avro' })).toThrow(
      expect.objectContaining({ code: 'VAL_CONFIG_INVALID' }),
    )
  })

  it('needs a client of createKafka', () => {
    expect(() => createTextProducer({ kafka: {} as Kafka })).toThrow(
      expect.objectContaining({ code: 'VAL_CONFIG_INVALID' }),
    )
  })
})
