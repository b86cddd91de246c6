import { scoredEventJson, ValenceError } from '@valence/schemas'
import { describe, expect, it, vi } from 'vitest'
import { createScoreDecoder } from '../../../src/consumer/score-decoder.ts'
import type { ScoreHandlers } from '../../../src/consumer/score-handler.ts'
import { ScorePump, type ScorePumpOptions } from '../../../src/consumer/score-pump.ts'
import { scoredEvent } from '../../support/scored-event.ts'

type Payload = Parameters<ScorePump['handle']>[0]

const encoded = (id: string) => scoredEventJson.encode(scoredEvent(id))

/** A batch at offsets 10, 11, … */
function createBatch(...values: (Buffer | null)[]) {
  const messages = values.map((value, index) => ({
    key: Buffer.from('key'),
    value,
    timestamp: '1700000000000',
    offset: String(10 + index),
    headers: { traceparent: Buffer.from('00') },
    attributes: 0,
  }))
  return {
    batch: { topic: 'scores', partition: 2, messages } as unknown as Payload['batch'],
    resolveOffset: vi.fn<(offset: string) => void>(),
    heartbeat: vi.fn(async () => {}),
    commitOffsetsIfNecessary: vi.fn(async () => {}),
    isRunning: () => true,
    isStale: () => false,
  }
}

function createPump(handlers: ScoreHandlers, options: Partial<ScorePumpOptions> = {}) {
  const onFailure = vi.fn<(error: ValenceError) => void>()
  const pump = new ScorePump({
    handlers,
    decode: createScoreDecoder(undefined),
    groupId: 'readers',
    onFailure,
    heartbeatEveryMs: 1_000,
    ...options,
  })
  return { pump, onFailure }
}

function resolved({ resolveOffset }: ReturnType<typeof createBatch>): string[] {
  return resolveOffset.mock.calls.map(([offset]) => offset)
}

describe('ScorePump', () => {
  it('hands events on in order, each resolved after it was handled', async () => {
    const history: string[] = []
    const { pump } = createPump({ handler: async ({ id }) => void history.push(id) })
    const batch = createBatch(encoded('a'), encoded('b'))
    batch.resolveOffset.mockImplementation((offset) => history.push(offset))
    await pump.handle(batch)
    expect(history).toEqual(['a', '10', 'b', '11'])
    expect(batch.heartbeat).toHaveBeenCalledTimes(2)
  })

  it('tells where the event stands', async () => {
    const handler = vi.fn()
    await createPump({ handler }).pump.handle(createBatch(encoded('a')))
    expect(handler.mock.lastCall?.[1]).toMatchObject({
      topic: 'scores',
      partition: 2,
      offset: '10',
      timestamp: 1_700_000_000_000,
      key: Buffer.from('key'),
      headers: { traceparent: Buffer.from('00') },
      headerList: [{ name: 'traceparent', value: Buffer.from('00') }],
    })
  })

  it('commits up to and including the event when told to', async () => {
    const batch = createBatch(encoded('a'))
    await createPump({ handler: (_event, meta) => meta.commit() }).pump.handle(batch)
    expect(batch.commitOffsetsIfNecessary).toHaveBeenCalledWith({
      topics: [{ topic: 'scores', partitions: [{ partition: 2, offset: '11' }] }],
    })
  })

  it('ends with the event that the handler rejects, unresolved', async () => {
    const cause = new Error('database is gone')
    const handler = vi.fn().mockResolvedValueOnce(undefined).mockRejectedValueOnce(cause)
    const { pump, onFailure } = createPump({ handler })
    const batch = createBatch(encoded('a'), encoded('b'), encoded('c'))
    await pump.handle(batch)
    expect(resolved(batch)).toEqual(['10'])
    expect(onFailure).toHaveBeenCalledWith(expect.objectContaining({ code: 'VAL_CONSUMER_HANDLER_FAILED', cause }))
    await pump.handle(createBatch(encoded('d')))
    expect(handler).toHaveBeenCalledTimes(2)
  })

  it('blames the handler for its own ValenceErrors', async () => {
    const { pump, onFailure } = createPump({
      handler: () => {
        throw new ValenceError('VAL_TEXT_EMPTY')
      },
    })
    await pump.handle(createBatch(encoded('a')))
    expect(onFailure.mock.lastCall?.[0].code).toBe('VAL_CONSUMER_HANDLER_FAILED')
  })

  it('ends with a record that is no scored event', async () => {
    const { pump, onFailure } = createPump({ handler: vi.fn() })
    await pump.handle(createBatch(Buffer.from('{}')))
    expect(onFailure).toHaveBeenCalledWith(expect.objectContaining({ code: 'VAL_RECORD_INVALID' }))
  })

  it('passes over a record that is no scored event where somebody takes note of it', async () => {
    const onInvalid = vi.fn()
    const handler = vi.fn()
    const { pump, onFailure } = createPump({ handler, onInvalid })
    const batch = createBatch(Buffer.from('{}'), encoded('a'))
    await pump.handle(batch)
    expect(onInvalid).toHaveBeenCalledWith(expect.objectContaining({ code: 'VAL_RECORD_INVALID' }), expect.anything())
    expect(handler).toHaveBeenCalledOnce()
    expect(resolved(batch)).toEqual(['10', '11'])
    expect(onFailure).not.toHaveBeenCalled()
  })

  it('passes over tombstones, and reports them', async () => {
    const onTombstone = vi.fn()
    const batch = createBatch(null)
    await createPump({ handler: vi.fn(), onTombstone }).pump.handle(batch)
    expect(onTombstone).toHaveBeenCalledWith(expect.objectContaining({ offset: '10' }))
    expect(resolved(batch)).toEqual(['10'])
  })

  it('waits for a registry that is away', async () => {
    const decode = vi
      .fn()
      .mockRejectedValueOnce(new ValenceError('VAL_REGISTRY_UNAVAILABLE'))
      .mockResolvedValue(scoredEvent('a'))
    const handler = vi.fn()
    const { pump, onFailure } = createPump({ handler }, { decode })
    await pump.handle(createBatch(encoded('a')))
    expect(handler).toHaveBeenCalledOnce()
    expect(onFailure).not.toHaveBeenCalled()
  })

  it('stops waiting for it when it is stopped', async () => {
    const decode = vi.fn().mockRejectedValue(new ValenceError('VAL_REGISTRY_UNAVAILABLE'))
    const { pump, onFailure } = createPump({ handler: vi.fn() }, { decode })
    const batch = createBatch(encoded('a'))
    const handled = pump.handle(batch)
    await vi.waitFor(() => expect(decode).toHaveBeenCalled())
    pump.stop()
    await handled
    expect(resolved(batch)).toEqual([])
    expect(onFailure).not.toHaveBeenCalled()
  })

  it('beats while a handler is slow', async () => {
    const slow = Promise.withResolvers<void>()
    const { pump } = createPump({ handler: () => slow.promise }, { heartbeatEveryMs: 1 })
    const batch = createBatch(encoded('a'))
    const handled = pump.handle(batch)
    await vi.waitFor(() => expect(batch.heartbeat.mock.calls.length).toBeGreaterThan(3))
    slow.resolve()
    await handled
  })

  it('lets kafkajs rejoin after a rebalance, with the handled event resolved', async () => {
    const rebalance = new Error('rebalance')
    const { pump, onFailure } = createPump({ handler: vi.fn() })
    const batch = createBatch(encoded('a'), encoded('b'))
    batch.heartbeat.mockRejectedValueOnce(rebalance)
    await expect(pump.handle(batch)).rejects.toBe(rebalance)
    expect(resolved(batch)).toEqual(['10'])
    expect(onFailure).not.toHaveBeenCalled()
  })

  it.each([{ isRunning: () => false }, { isStale: () => true }])(
    'leaves a batch that kafkajs gave up (%o)',
    async (given) => {
      const handler = vi.fn()
      await createPump({ handler }).pump.handle({ ...createBatch(encoded('a')), ...given })
      expect(handler).not.toHaveBeenCalled()
    },
  )

  it('finishes the event at hand when it is stopped', async () => {
    const batch = createBatch(encoded('a'), encoded('b'))
    const handler = vi.fn(() => pump.stop())
    const { pump } = createPump({ handler })
    await pump.handle(batch)
    expect(resolved(batch)).toEqual(['10'])
  })

  it('gives copies of what kafkajs will reuse', async () => {
    const batch = createBatch(encoded('a'))
    let key: Buffer | null = null
    await createPump({
      handler: (_event, meta) => {
        key = meta.key
      },
    }).pump.handle(batch)
    batch.batch.messages[0]?.key?.fill(0)
    expect(String(key)).toBe('key')
  })
})
