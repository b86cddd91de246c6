import { ValenceError } from '@valence/schemas'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../../../src/config/config.ts'
import { FileProducer } from '../../../../src/jobs/produce/produce-file.ts'

/** A topic of batches of 300 bytes at most; what `refuses` returns is the broker's answer. */
const broker = vi.hoisted(() => ({
  batches: [] as string[][],
  disconnected: 0,
  refuses: (_values: readonly string[]): Error | undefined => undefined,
}))
vi.mock('@valence/producer-sdk/kafka', async (original) => ({
  ...(await original<object>()),
  recordingPartitioner: (_: unknown, partitions: WeakMap<object, number>) => (message: object) =>
    partitions.set(message, 0),
}))
vi.mock('../../../../src/kafka/kafka-client.ts', () => ({
  createKafkaClient: () => ({
    producer: ({ createPartitioner }: { createPartitioner: (message: object) => void }) => ({
      connect: async () => undefined,
      async disconnect() {
        broker.disconnected += 1
      },
      async send({ messages }: { messages: { value: Buffer }[] }) {
        for (const message of messages) createPartitioner(message)
        const values = messages.map(({ value }) => value.toString('latin1'))
        const error = broker.refuses(values)
        if (error) throw error
        broker.batches.push(values)
        return [{ partition: 0, errorCode: 0 }]
      },
    }),
  }),
}))
vi.mock('../../../../src/kafka/kafka-admin.ts', async (original) => ({
  ...(await original<object>()),
  withAdmin: (_: unknown, work: (admin: unknown) => Promise<unknown>) =>
    work({ describeConfigs: async () => ({ resources: [{ configEntries: [{ configValue: '300' }] }] }) }),
}))

beforeEach(() => Object.assign(broker, { batches: [], disconnected: 0, refuses: () => undefined }))

async function produce(content: Buffer, rate?: number) {
  async function* chunks() {
    yield content
  }
  const problems: [number, string][] = []
  const options = { path: 'a', topic: 'texts', format: 'auto', key: undefined, raw: true, rate } as const
  const producer = new FileProducer(readConfig({}), options, {
    signal: new AbortController().signal,
    progress: { start: () => undefined, update: () => undefined },
    onProblem: (line, { code }) => problems.push([line, code]),
  })
  const error = await producer.run({ chunks: chunks(), totalBytes: content.length }).catch((cause: unknown) => cause)
  const { produced, rejected } = producer.summary
  return { error, produced, rejected, problems }
}

const lines = (...all: string[]) => Buffer.from(all.map((line) => `${line}\n`).join(''), 'latin1')

describe('producing the bytes of lines', () => {
  it('sends them as they are, what is no UTF-8 included', async () => {
    expect(await produce(lines('{"text": 1', '\xff\xfe', 'c'))).toMatchObject({
      produced: 3,
      rejected: 0,
      error: undefined,
    })
    expect(broker.batches).toEqual([['{"text": 1', '\xff\xfe', 'c']])
    expect(broker.disconnected).toBe(1)
  })

  it('rejects a line that the topic does not take before it is sent: 100 bytes are left for the batch', async () => {
    const result = await produce(lines('x'.repeat(200), 'x'.repeat(201), 'c'))
    expect(result).toMatchObject({ produced: 2, rejected: 1, problems: [[2, 'VAL_RECORD_TOO_LARGE_TO_PUBLISH']] })
  })

  it('sends a tenth of a second of lines at a time under a rate', async () => {
    await produce(lines('a', 'b', 'c', 'd', 'e'), 20)
    expect(broker.batches).toEqual([['a', 'b'], ['c', 'd'], ['e']])
  })

  it('fails where the cluster does, blames no line, and disconnects', async () => {
    broker.refuses = () => new ValenceError('VAL_KAFKA_NOT_AUTHORISED')
    const { error, produced, rejected } = await produce(lines('a'))
    expect([(error as ValenceError).code, produced, rejected]).toEqual(['VAL_KAFKA_NOT_AUTHORISED', 0, 0])
    expect(broker.disconnected).toBe(1)
  })
})
