import { ValenceError } from '@valence/schemas'
import { describe, expect, it, vi } from 'vitest'
import type { PrepareStep } from '../../../src/pipeline/prepare.ts'
import { echo, first, numbered, pump, second, setup, values } from './pipeline-under-test.ts'

describe('a pipeline that is told to stop', () => {
  it('does not wait for a registry that is away when it is to stop', async () => {
    let attempts = 0
    const prepare: PrepareStep = async () => {
      attempts += 1
      throw new ValenceError('VAL_REGISTRY_UNAVAILABLE')
    }
    const { broker, source, pipeline } = setup({ prepare })
    broker.append(first, numbered(2))
    await pipeline.start()
    source.assign([first])
    await pump(source, () => attempts === 3)
    expect(await pipeline.stop({ drainMs: 50, leaveGroup: true })).toEqual({ drained: true })
  })

  it('does not wait for a session that does not open, nor for the group, when it is to stop', async () => {
    const { broker, source, pipeline } = setup()
    broker.append(first, numbered(2))
    broker.append(second, numbered(2))
    broker.beforePublish = (records) => {
      if (records.length > 0) throw new ValenceError('VAL_KAFKA_FENCED')
    }
    const asked = vi.spyOn(source, 'confirmOwnership').mockReturnValue(new Promise(() => undefined))
    const open = broker.open.bind(broker)
    const opened = vi.spyOn(broker, 'open').mockImplementation((partition) => {
      return partition.partition === 1 ? new Promise(() => undefined) : open(partition)
    })
    await pipeline.start()
    source.assign([first, second])
    await pump(source, () => asked.mock.calls.length === 1 && opened.mock.calls.length === 2)
    expect(await pipeline.stop({ drainMs: 200, leaveGroup: true })).toEqual({ drained: true })
  })

  it('drains what was begun, then leaves the group', async () => {
    const gate = Promise.withResolvers<void>()
    const prepare = vi.fn<PrepareStep>(async (...args) => {
      await gate.promise
      return echo(...args)
    })
    const { broker, source, pipeline } = setup({ prepare })
    broker.append(first, numbered(9))
    await pipeline.start()
    source.assign([first])
    await pump(source, () => prepare.mock.calls.length === 1)
    const stopping = pipeline.stop({ drainMs: 4_000, leaveGroup: true })
    gate.resolve()
    expect(await stopping).toEqual({ drained: true })
    expect(source.stops).toEqual([{ leaveGroup: true }])
    expect(values(broker.published)).toEqual(numbered(3))
    expect(broker.committed(first)).toBe(3n)
  })

  it('cuts a drain short at its deadline and still leaves the group', async () => {
    const prepare = vi.fn<PrepareStep>((_from, _slice, { signal }) => {
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
    })
    const { broker, source, pipeline } = setup({ prepare })
    broker.append(first, numbered(3))
    await pipeline.start()
    source.assign([first])
    await pump(source, () => prepare.mock.calls.length === 1)
    expect(await pipeline.stop({ drainMs: 20, leaveGroup: false })).toEqual({ drained: false })
    expect(source.stops).toEqual([{ leaveGroup: false }])
    expect(broker.published).toEqual([])
  })
})
