import { type ErrorCode, ValenceError } from '@valence/schemas'
import type { FakeBroker } from '@valence/testing/kafka/fake-broker'
import { describe, expect, it, vi } from 'vitest'
import type { OutgoingRecord } from '../../../src/kafka/record.ts'
import type { PrepareStep } from '../../../src/pipeline/prepare.ts'
import { echo, first, numbered, pump, second, setup, values } from './pipeline-under-test.ts'

describe('records that the broker refuses', () => {
  /** What the broker would be given for each record: `letter` once its result was refused, then `plain`, then `bare`. */
  const laddered: PrepareStep = async (from, slice, options) => {
    const publication = await echo(from, slice, options)
    const { times = 0 } = options.refusal ?? {}
    if (times === 0) return publication
    const kind = ['letter', 'plain', 'bare'][times - 1] ?? 'bare'
    const value = (record: OutgoingRecord) => Buffer.from(`${kind} of ${record.value}`)
    return { ...publication, outgoing: publication.outgoing.map((record) => ({ ...record, value: value(record) })) }
  }

  /** A broker that takes nothing that matches, and counts its refusals. */
  function refusing(broker: FakeBroker, bad: RegExp, code: ErrorCode) {
    const refused = { times: 0, code }
    broker.beforePublish = (records) => {
      if (!values(records).some((value) => bad.test(value ?? ''))) return
      refused.times += 1
      throw new ValenceError(refused.code)
    }
    return refused
  }

  it.each(['VAL_RECORD_TOO_LARGE_TO_PUBLISH', 'VAL_RECORD_REFUSED_BY_BROKER'] as const)(
    'dead-letters the one record of many that the broker refuses with %s, found by halves',
    async (code) => {
      const { broker, source, pipeline } = setup({ prepare: laddered, maxRecords: 512, maxQueued: 2_000 })
      source.fetchSize = 512
      broker.append(first, [...numbered(300), 'bad', ...numbered(211)])
      const refused = refusing(broker, /^bad/, code)
      await pipeline.start()
      source.assign([first])
      await pump(source, () => broker.published.length >= 512)
      expect(values(broker.published)).toEqual([...numbered(300), 'letter of bad', ...numbered(211)])
      expect(refused.times).toBeLessThan(12)
      expect(broker.committed(first)).toBe(512n)
    },
  )

  it('costs each record one refusal where all of them are refused', async () => {
    const { broker, source, pipeline } = setup({ prepare: laddered, maxRecords: 16, maxQueued: 2_000 })
    source.fetchSize = 16
    broker.append(first, numbered(16, 'bad'))
    const refused = refusing(broker, /^bad/, 'VAL_RECORD_REFUSED_BY_BROKER')
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length >= 16)
    expect(values(broker.published)).toEqual(numbered(16, 'letter of bad'))
    expect(refused.times).toBeLessThan(16 + 6)
  })

  it('leaves the content away where the dead letter is refused as well', async () => {
    const { broker, source, pipeline } = setup({ prepare: laddered })
    broker.append(first, ['a', 'bad', 'c'])
    refusing(broker, /^(letter of |plain of )?bad/, 'VAL_RECORD_REFUSED_BY_BROKER')
    await pipeline.start()
    source.assign([first])
    await pump(source, () => broker.published.length >= 3)
    expect(values(broker.published)).toEqual(['a', 'bare of bad', 'c'])
  })

  it('stands still visibly where even that is refused, alone, and goes on by itself with the result', async () => {
    const { broker, source, pipeline, metrics, onFatal } = setup({ prepare: laddered })
    broker.append(first, ['a', 'bad', 'c'])
    broker.append(second, ['x'])
    refusing(broker, /bad/, 'VAL_RECORD_REFUSED_BY_BROKER')
    await pipeline.start()
    source.assign([first, second])
    const standing = { ...first, code: 'VAL_KAFKA_DEAD_LETTER_REFUSED', cause: 'records' }
    await pump(source, () => pipeline.standstills().length > 0)
    expect(pipeline.standstills()).toMatchObject([standing])
    broker.append(second, ['y'])
    await pump(source, () => broker.published.length >= 3)
    expect(values(broker.published).toSorted()).toEqual(['a', 'x', 'y'])
    await vi.waitFor(
      async () =>
        expect(await metrics.registry.metrics()).toMatch(
          /standstill_seconds\{topic="texts",partition="0",code="VAL_KAFKA_DEAD_LETTER_REFUSED"\}/,
        ),
      { timeout: 3_000 },
    )
    // Somebody mends it.
    broker.beforePublish = () => undefined
    await pump(source, () => broker.published.length >= 5)
    expect(values(broker.published).slice(3)).toEqual(['bad', 'c'])
    expect(pipeline.standstills()).toEqual([])
    expect(onFatal).not.toHaveBeenCalled()
    await pipeline.stop({ drainMs: 1_000, leaveGroup: true })
  })

  it.each<[string, ErrorCode]>([
    ['the pause after a failed transaction', 'VAL_KAFKA_TRANSACTION_FAILED'],
    ['the standing still at a refused dead letter', 'VAL_RECORD_REFUSED_BY_BROKER'],
  ])('does not wait out %s when it is to stop', async (_, code) => {
    const { broker, source, pipeline } = setup({ prepare: laddered })
    broker.append(first, ['bad'])
    const refused = refusing(broker, /bad/, code)
    await pipeline.start()
    source.assign([first])
    // By then the pauses are longer than the drain may take.
    await pump(source, () => refused.times >= 4)
    expect(await pipeline.stop({ drainMs: 200, leaveGroup: true })).toEqual({ drained: true })
    expect(broker.committed(first)).toBe(0n)
  })
})
