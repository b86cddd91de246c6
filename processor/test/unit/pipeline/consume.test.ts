import { ValenceError } from '@valence/schemas'
import { describe, expect, it, vi } from 'vitest'
import type { PrepareStep } from '../../../src/pipeline/prepare.ts'
import { echo, first, numbered, pump, second, setup, values } from './pipeline-under-test.ts'

describe('the pipeline', () => {
  it('publishes each record of each partition once, in order, and commits behind the last', async () => {
    const { broker, source, pipeline } = setup()
    broker.append(first, numbered(10, 'a'))
    broker.append(second, numbered(7, 'b'))
    await pipeline.start()
    source.assign([first, second])
    await pump(source, () => broker.published.length === 17)
    expect(values(broker.published).filter((value) => value?.startsWith('a'))).toEqual(numbered(10, 'a'))
    expect(values(broker.published).filter((value) => value?.startsWith('b'))).toEqual(numbered(7, 'b'))
    expect(broker.committed(first)).toBe(10n)
    expect(broker.committed(second)).toBe(7n)
  })

  it('finishes what came before an unreadable batch, stands still there, and goes on elsewhere', async () => {
    const { broker, source, onFatal, pipeline } = setup()
    broker.append(first, numbered(5, 'a'))
    broker.append(second, numbered(5, 'b'))
    await pipeline.start()
    source.assign([first, second])
    await pump(source, () => broker.published.length === 10)
    broker.append(first, numbered(2, 'c'))
    broker.append(second, numbered(2, 'd'))
    source.fetch()
    source.obstruct(first, new ValenceError('VAL_KAFKA_BATCH_TOO_LARGE'))
    await pump(source, () => broker.published.length === 14)
    expect(broker.committed(first)).toBe(7n)
    expect(source.paused).toContain('texts-0')
    expect(source.paused).not.toContain('texts-1')
    expect(onFatal).not.toHaveBeenCalled()
    await pipeline.stop({ drainMs: 1_000, leaveGroup: true })
  })

  it('is in no hurry for more of a partition whose records wait, and in a hurry again when they are done', async () => {
    const gate = Promise.withResolvers<void>()
    const { broker, source, pipeline } = setup({
      prepare: async (from, slice, options) => gate.promise.then(() => echo(from, slice, options)),
    })
    source.fetchSize = 1
    broker.append(first, numbered(4))
    broker.append(second, numbered(1))
    await pipeline.start()
    source.assign([first, second])
    await pump(source, () => source.isBehind(first))
    expect(source.isBehind(second)).toBe(false)
    gate.resolve()
    await pump(source, () => broker.published.length === 5)
    broker.append(first, numbered(1))
    await pump(source, () => broker.published.length === 6)
    expect(source.isBehind(first)).toBe(false)
  })

  it('holds one partition while its schema may be new, and goes on with the others', async () => {
    let isKnown = false
    const { broker, source, pipeline } = setup({
      prepare: async (from, slice, options) => {
        if (from.partition === 0 && !isKnown) throw new ValenceError('VAL_SCHEMA_NOT_YET_KNOWN')
        return echo(from, slice, options)
      },
    })
    broker.append(first, numbered(3, 'a'))
    broker.append(second, numbered(3, 'b'))
    await pipeline.start()
    source.assign([first, second])
    await pump(source, () => broker.published.length === 3)
    expect(values(broker.published)).toEqual(numbered(3, 'b'))
    isKnown = true
    await pump(source, () => broker.published.length === 6)
    expect(broker.committed(first)).toBe(3n)
  })

  it('does not wait for a schema or the registry when it is told to stop', async () => {
    const waiting = Promise.withResolvers<void>()
    let tries = 0
    const { broker, source, pipeline, onFatal } = setup({
      prepare: async () => {
        tries += 1
        if (tries === 3) waiting.resolve()
        throw new ValenceError(tries % 2 === 0 ? 'VAL_SCHEMA_NOT_YET_KNOWN' : 'VAL_REGISTRY_UNAVAILABLE')
      },
    })
    broker.append(first, numbered(3))
    await pipeline.start()
    source.assign([first])
    source.fetch()
    await pump(source, () => tries >= 1)
    await waiting.promise
    // Far longer than any pause, which would not have ended by itself within the test.
    expect(await pipeline.stop({ drainMs: 60_000, leaveGroup: true })).toEqual({ drained: true })
    expect(broker.published).toEqual([])
    expect(onFatal).not.toHaveBeenCalled()
    const triesAtStop = tries
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(tries).toBe(triesAtStop)
  })

  it('replays a failed transaction without loss or duplicates', async () => {
    const { broker, source, pipeline, onFatal } = setup()
    broker.append(first, numbered(12))
    let failures = 0
    broker.beforePublish = (records) => {
      if (records.length > 0 && failures++ % 2 === 0) throw new ValenceError('VAL_KAFKA_TRANSACTION_FAILED')
    }
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length >= 12)
    expect(values(broker.published)).toEqual(numbered(12))
    expect(onFatal).not.toHaveBeenCalled()
  })

  it.each(['VAL_KAFKA_TRANSACTION_FAILED', 'VAL_KAFKA_FENCED', 'VAL_KAFKA_UNREACHABLE'] as const)(
    'notices that the commit of the last record failed with %s although no other record comes',
    async (code) => {
      const { broker, source, pipeline } = setup()
      broker.append(first, ['only'])
      let failures = 0
      broker.beforePublish = async (records) => {
        if (records.length === 0 || failures > 0) return
        failures += 1
        // Long after the pipeline has begun to wait for the next record.
        await new Promise((resolve) => setTimeout(resolve, 20))
        throw new ValenceError(code)
      }
      await pipeline.start()
      source.assign([first])
      await pump(source, () => broker.published.length === 1)
      expect(values(broker.published)).toEqual(['only'])
    },
  )

  it('prepares nothing more of a session that was lost', async () => {
    const signals: AbortSignal[] = []
    const prepare: PrepareStep = async (from, slice, options) => {
      signals.push(options.signal)
      if (slice.records[0]?.offset === 1n && signals.length === 2) {
        return new Promise((_, reject) => options.signal.addEventListener('abort', () => reject(new Error('aborted'))))
      }
      return echo(from, slice, options)
    }
    const { broker, source, pipeline } = setup({ prepare, maxRecords: 1 })
    broker.append(first, ['a', 'b'])
    let failures = 0
    broker.beforePublish = (records) => {
      if (records.length > 0 && failures++ === 0) throw new ValenceError('VAL_KAFKA_TRANSACTION_FAILED')
    }
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length === 2)
    expect(signals[1]?.aborted).toBe(true)
    expect(values(broker.published)).toEqual(['a', 'b'])
  })

  it('replays a transaction that was committed although its answer was lost, without duplicates', async () => {
    const { broker, source, pipeline } = setup({ maxRecords: 4 })
    broker.append(first, numbered(8))
    let lost = false
    const open = broker.open.bind(broker)
    broker.open = async (partition) => {
      const session = await open(partition)
      return {
        ...session,
        publish: async (records, nextOffset) => {
          await session.publish(records, nextOffset)
          if (records.length === 0 || lost) return
          lost = true
          throw new ValenceError('VAL_KAFKA_TRANSACTION_FAILED', 'timeout')
        },
      }
    }
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length >= 8)
    expect(values(broker.published)).toEqual(numbered(8))
  })

  it('gives a fenced partition up when the group says it is no longer ours', async () => {
    const { broker, source, pipeline, metrics } = setup()
    broker.append(first, numbered(4))
    source.owned = false
    broker.beforePublish = (records) => {
      if (records.length > 0) throw new ValenceError('VAL_KAFKA_FENCED')
    }
    const opened = vi.spyOn(broker, 'open')
    await pipeline.start()
    source.assign([first])
    await pump(source, () => source.paused.has('texts-0') && opened.mock.calls.length === 1)
    await vi.waitFor(async () => expect(await metrics.registry.metrics()).toContain('outcome="fenced"'))
    expect(opened).toHaveBeenCalledTimes(1)
    expect(broker.published).toEqual([])
  })

  it('takes a fenced partition again while the group confirms that it is ours', async () => {
    const { broker, source, pipeline } = setup()
    broker.append(first, numbered(4))
    let fenced = false
    broker.beforePublish = (records) => {
      if (records.length === 0 || fenced) return
      fenced = true
      throw new ValenceError('VAL_KAFKA_FENCED')
    }
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length === 4)
    expect(values(broker.published)).toEqual(numbered(4))
  })

  it('pauses a partition whose records take too much memory until enough are committed', async () => {
    const prepared: PromiseWithResolvers<void>[] = []
    const prepare: PrepareStep = async (from, slice, options) => {
      const gate = Promise.withResolvers<void>()
      prepared.push(gate)
      await gate.promise
      return echo(from, slice, options)
    }
    const { broker, source, pipeline, metrics } = setup({ prepare, maxHeldBytes: 800, maxQueued: 1_000 })
    broker.recordBytes = 100
    broker.append(first, numbered(20))
    await pipeline.start()
    source.assign([first])
    await vi.waitFor(() => expect(source.fetch()).toBe(true))
    source.fetch()
    await vi.waitFor(() => expect(prepared).toHaveLength(1))
    expect([source.fetch(), broker.heldBytes]).toEqual([false, 800])
    const gauge = async () => (await metrics.pipeline.heldBytes.get()).values[0]?.value
    await vi.waitFor(async () => expect(await gauge()).toBe(800), { timeout: 4_000 })
    while (broker.published.length < 20) {
      for (const gate of prepared.splice(0)) gate.resolve()
      source.fetch()
      expect(broker.heldBytes).toBeLessThanOrEqual(1_200)
      await new Promise(setImmediate)
    }
    await vi.waitFor(() => expect(broker.heldBytes).toBe(0))
    await vi.waitFor(async () => expect(await gauge()).toBe(0), { timeout: 4_000 })
    await pipeline.stop({ drainMs: 1_000, leaveGroup: true })
  })

  it('stops at once on a lost partition and starts anew when it comes back', async () => {
    const { broker, source, pipeline } = setup()
    broker.append(first, numbered(6))
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length >= 3)
    source.assign([])
    source.assign([first])
    await pump(source, () => broker.published.length >= 6)
    expect(values(broker.published)).toEqual(numbered(6))
  })

  it('keeps its place when the group is joined again and the partition stays', async () => {
    const { broker, source, pipeline } = setup()
    broker.append(first, numbered(9))
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length >= 3)
    // kafkajs reads the committed offset again and may go back.
    source.seek(first, 0n)
    source.assign([first])
    await pump(source, () => broker.published.length >= 9)
    expect(values(broker.published)).toEqual(numbered(9))
  })

  it('pauses above the queue limit and resumes below half of it', async () => {
    const gate = Promise.withResolvers<void>()
    const prepare: PrepareStep = async (...args) => {
      await gate.promise
      return echo(...args)
    }
    const { broker, source, pipeline } = setup({ prepare, maxQueued: 8 })
    broker.append(first, numbered(40))
    await pipeline.start()
    source.assign([first])
    await pump(source, () => source.paused.has('texts-0'))
    for (let fetches = 0; fetches < 5; fetches += 1) expect(source.fetch()).toBe(false)
    gate.resolve()
    await pump(source, () => broker.published.length === 40)
    expect(values(broker.published)).toEqual(numbered(40))
  })

  it('waits and tries again while a part is down, and never dead-letters for it', async () => {
    let attempts = 0
    const prepare: PrepareStep = async (...args) => {
      attempts += 1
      if (attempts < 3) throw new ValenceError('VAL_REGISTRY_UNAVAILABLE')
      return echo(...args)
    }
    const { broker, source, pipeline, metrics } = setup({ prepare })
    broker.append(first, numbered(2))
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length === 2)
    expect(await metrics.registry.metrics()).toContain(
      'valence_pipeline_retries_total{code="VAL_REGISTRY_UNAVAILABLE"} 2',
    )
  })

  it('reports a defect as fatal instead of skipping the records', async () => {
    const prepare: PrepareStep = async () => {
      throw new TypeError('a defect')
    }
    const { broker, source, pipeline, onFatal } = setup({ prepare })
    broker.append(first, numbered(2))
    await pipeline.start()
    source.assign([first])
    await pump(source, () => onFatal.mock.calls.length === 1)
    expect(broker.committed(first)).toBe(0n)
  })

  it('is not ready before the position of each partition is the group’s own', async () => {
    const { broker, source, pipeline } = setup()
    const { promise: pinned, resolve: pin } = Promise.withResolvers<void>()
    broker.beforePublish = () => pinned
    await pipeline.start()
    expect(pipeline.isReady()).toBe(true)
    source.assign([first, second])
    await vi.waitFor(() => expect(broker.committed(first)).toBeUndefined())
    expect(pipeline.isReady()).toBe(false)
    pin()
    await vi.waitFor(() => expect(pipeline.isReady()).toBe(true))
    expect([broker.committed(first), broker.committed(second)]).toEqual([0n, 0n])
    await pipeline.stop({ drainMs: 200, leaveGroup: true })
    expect(pipeline.isReady()).toBe(false)
  })

  it('hands a crash of the source on', async () => {
    const { source, pipeline, onFatal } = setup()
    await pipeline.start()
    source.crash(new ValenceError('VAL_KAFKA_CONSUMER_CRASHED'))
    expect(onFatal).toHaveBeenCalledOnce()
    expect(pipeline.isReady()).toBe(false)
  })
})
