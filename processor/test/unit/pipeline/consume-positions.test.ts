import { ValenceError } from '@valence/schemas'
import { describe, expect, it, vi } from 'vitest'
import { createLogger } from '../../../src/observability/logger.ts'
import { first, numbered, pump, setup, values } from './pipeline-under-test.ts'

describe('where a pipeline reads on', () => {
  it('reads a topic that was created again from its start, past what was committed for the old one', async () => {
    const { broker, source, pipeline } = setup()
    broker.append(first, numbered(6))
    broker.commit(first, 3n, 'an earlier topic')
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length === 6)
    expect(values(broker.published)).toEqual(numbered(6))
  })

  it('publishes nothing of a topic that was created again behind its back, and stops', async () => {
    const { broker, source, onFatal, pipeline } = setup()
    broker.append(first, numbered(2))
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length === 2)
    broker.recreate(first, numbered(5, 'n'))
    await pump(source, () => onFatal.mock.calls.length === 1)
    expect(onFatal.mock.lastCall?.[0]).toMatchObject({ code: 'VAL_KAFKA_TOPIC_RECREATED' })
    expect(values(broker.published)).toEqual(numbered(2))
  })

  it.each(['earliest', 'latest'] as const)(
    'goes on from where it was when its offset is deleted while it runs, and says so, under %s',
    async (start) => {
      const lines: string[] = []
      const logger = createLogger('info', { write: (line) => lines.push(line) })
      const { broker, source, pipeline } = setup({ start, logger })
      const before = 5
      await pipeline.start()
      source.assign([first])
      await vi.waitFor(() => expect(broker.committed(first)).toBe(0n))
      broker.append(first, numbered(before))
      await pump(source, () => broker.published.length === before)
      expect(lines.join('')).not.toContain('VAL_KAFKA_POSITION_LOST')
      broker.forget(first)
      let failures = 1
      broker.beforePublish = (records) => {
        if (records.length > 0 && failures-- > 0) throw new ValenceError('VAL_KAFKA_TRANSACTION_FAILED')
      }
      broker.append(first, numbered(3, 'n'))
      await pump(source, () => broker.published.length >= before + 3)
      await pipeline.stop({ drainMs: 1_000, leaveGroup: true })
      expect(values(broker.published)).toEqual([...numbered(before), ...numbered(3, 'n')])
      expect(lines.filter((line) => line.includes('VAL_KAFKA_POSITION_LOST'))).toHaveLength(1)
    },
  )

  it('goes on from the offset that was set while the group had dropped it, and from its own after a mere rebalance', async () => {
    const { broker, source, pipeline } = setup()
    broker.append(first, numbered(4))
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length === 4)
    broker.commit(first, 2n)
    source.assign([first])
    broker.append(first, numbered(1, 'n'))
    await pump(source, () => broker.published.length === 5)
    expect(values(broker.published)).toEqual([...numbered(4), 'n0'])
    broker.commit(first, 2n)
    source.assign([first], { isNewMember: true })
    await pump(source, () => broker.published.length === 8)
    expect(values(broker.published).slice(5)).toEqual(['r2', 'r3', 'n0'])
  })

  it('begins anew with a taking that was under way when the group had dropped it', async () => {
    const { broker, source, pipeline } = setup()
    broker.append(first, numbered(4))
    broker.commit(first, 4n)
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const range = broker.range.bind(broker)
    const asked = vi.spyOn(broker, 'range').mockImplementation(async (partition) => {
      await gate
      return range(partition)
    })
    await pipeline.start()
    source.assign([first])
    await vi.waitFor(() => expect(asked).toHaveBeenCalledOnce())
    broker.commit(first, 1n)
    source.assign([first], { isNewMember: true })
    open()
    await pump(source, () => broker.published.length === 3)
    expect(values(broker.published)).toEqual(['r1', 'r2', 'r3'])
  })

  it('continues at the committed offset', async () => {
    const { broker, source, pipeline } = setup()
    broker.append(first, numbered(5))
    broker.commit(first, 3n)
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length === 2)
    expect(values(broker.published)).toEqual(['r3', 'r4'])
  })

  it('stops with an explained error when retention deleted unread records', async () => {
    const { broker, source, pipeline, onFatal } = setup()
    broker.append(first, numbered(10))
    broker.commit(first, 2n)
    broker.truncate(first, 5n)
    await pipeline.start()
    source.assign([first])
    await vi.waitFor(() => expect(onFatal).toHaveBeenCalledOnce())
    expect(onFatal.mock.calls[0]?.[0]).toMatchObject({ code: 'VAL_KAFKA_OFFSET_GAP' })
    expect(broker.published).toEqual([])
    expect(pipeline.isReady()).toBe(false)
  })

  it('stops with an explained error when the log ends before the committed offset', async () => {
    const { broker, source, pipeline, onFatal } = setup()
    broker.append(first, numbered(3))
    broker.commit(first, 50n)
    await pipeline.start()
    source.assign([first])
    await vi.waitFor(() => expect(onFatal).toHaveBeenCalledOnce())
    expect(onFatal.mock.calls[0]?.[0]).toMatchObject({ code: 'VAL_KAFKA_OFFSET_GAP' })
  })

  it('reads again from the committed offset when a fetch leaves a gap', async () => {
    const { broker, source, pipeline } = setup()
    broker.append(first, numbered(6))
    await pipeline.start()
    source.assign([first])
    await vi.waitFor(() => expect(source.paused.has('texts-0')).toBe(false))
    const ahead = broker.read(first, 4n, 2)
    if (ahead) source.deliver(ahead)
    await pump(source, () => broker.published.length >= 6)
    expect(values(broker.published)).toEqual(numbered(6))
  })
})
