import { describe, expect, it, vi } from 'vitest'
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
