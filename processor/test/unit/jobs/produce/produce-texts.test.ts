import { ValenceError } from '@valence/schemas'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../../../src/config/config.ts'
import { FileProducer } from '../../../../src/jobs/produce/produce-file.ts'

interface Sent {
  readonly text: string
  readonly id: string | undefined
  readonly key: string | undefined
}

/** A producer whose broker answers by the text. */
const broker = vi.hoisted(() => ({ sent: [] as Sent[], flushed: 0, closed: 0 }))
vi.mock('@valence/producer-sdk', () => ({
  createTextProducer: () => ({
    connect: async () => undefined,
    async send({ text, id }: Sent, { key }: { key: string | undefined }) {
      if (text === 'refused') throw new ValenceError('VAL_RECORD_REFUSED_BY_BROKER')
      if (text === 'down') throw new ValenceError('VAL_KAFKA_UNREACHABLE')
      broker.sent.push({ text, id, key })
    },
    flush: async () => {
      broker.flushed += 1
      await new Promise((resolve) => setImmediate(resolve))
    },
    close: async () => {
      broker.closed += 1
    },
  }),
}))

beforeEach(() => Object.assign(broker, { sent: [], flushed: 0, closed: 0 }))

async function produce(lines: readonly object[], signal = new AbortController().signal) {
  const content = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  async function* chunks() {
    yield content
  }
  const problems: [number, string][] = []
  const bytes: number[] = []
  const options = { path: 'a.jsonl', topic: 'texts', format: 'json', key: 'user', raw: false, rate: undefined } as const
  const producer = new FileProducer(readConfig({}), options, {
    signal,
    progress: { start: () => undefined, update: (done) => void bytes.push(done) },
    onProblem: (line, { code }) => problems.push([line, code]),
  })
  const error = await producer.run({ chunks: chunks(), totalBytes: content.length }).catch((cause: unknown) => cause)
  const { produced, rejected } = producer.summary
  return { error, produced, rejected, problems, isAll: bytes.at(-1) === content.length }
}

describe('producing the texts of a file', () => {
  it('sends each with its id and key, and counts it once it is acknowledged', async () => {
    const result = await produce([
      { text: 'a', id: 7, user: 'u' },
      { text: 'b', user: 'v' },
    ])
    expect(result).toEqual({ error: undefined, produced: 2, rejected: 0, problems: [], isAll: true })
    expect(broker).toEqual({
      sent: [
        { text: 'a', id: '7', key: 'u' },
        { text: 'b', id: undefined, key: 'v' },
      ],
      flushed: 1,
      closed: 1,
    })
  })

  it('rejects a line that is at fault, and goes on', async () => {
    const { error, produced, rejected, problems } = await produce([
      { text: 'a', user: 'u' },
      { text: 'refused', user: 'u' },
      { text: 'without a key' },
      { text: 'd', user: 'u' },
    ])
    expect([error, produced, rejected]).toEqual([undefined, 2, 2])
    expect(problems.toSorted(([a], [b]) => a - b).map(([line]) => line)).toEqual([2, 3])
  })

  it('fails where the system is at fault, blames no line, and closes its producer', async () => {
    const { error, rejected } = await produce([{ text: 'down', user: 'u' }])
    expect(error).toMatchObject({ code: 'VAL_KAFKA_UNREACHABLE' })
    expect(rejected).toBe(0)
    expect(broker.closed).toBe(1)
  })

  it('sends nothing more once it is aborted', async () => {
    expect(await produce([{ text: 'a', user: 'u' }], AbortSignal.abort())).toMatchObject({
      produced: 0,
      error: undefined,
    })
    expect(broker).toMatchObject({ sent: [], flushed: 1, closed: 1 })
  })
})
