import { frame, type SchemaRegistry, type ScoredEvent, scoredEventAvro, scoredEventJson } from '@valence/schemas'
import { describe, expect, it, vi } from 'vitest'
import { createScoreDecoder } from '../../../src/consumer/score-decoder.ts'
import { scoredEvent } from '../../support/scored-event.ts'

function registry(cached: boolean) {
  const decode = (payload: Buffer): ScoredEvent => scoredEventAvro.decode(payload)
  const load = vi.fn(async (_id: number) => decode)
  return {
    load,
    instance: { scores: { cached: () => (cached ? decode : undefined), load } } as unknown as SchemaRegistry,
  }
}

const event = scoredEvent('1')

describe('createScoreDecoder', () => {
  it('reads JSON with and without a registry', () => {
    expect(createScoreDecoder(undefined)(scoredEventJson.encode(event))).toEqual(event)
    expect(createScoreDecoder(registry(true).instance)(scoredEventJson.encode(event))).toEqual(event)
  })

  it('reads Avro by the id in the record, synchronously where the schema is known', () => {
    const { instance, load } = registry(true)
    expect(createScoreDecoder(instance)(frame(3, scoredEventAvro.encode(event)))).toEqual(event)
    expect(load).not.toHaveBeenCalled()
  })

  it('loads a schema that it does not know yet', async () => {
    const { instance, load } = registry(false)
    await expect(createScoreDecoder(instance)(frame(3, scoredEventAvro.encode(event)))).resolves.toEqual(event)
    expect(load).toHaveBeenCalledWith(3)
  })

  it('says that Avro needs a registry', () => {
    expect(() => createScoreDecoder(undefined)(frame(3, Buffer.alloc(1)))).toThrow(
      expect.objectContaining({ code: 'VAL_REGISTRY_REQUIRED' }),
    )
  })

  it.each([
    ['{', 'VAL_RECORD_JSON_INVALID'],
    ['{"id":"1"}', 'VAL_RECORD_INVALID'],
    ['just a text', 'VAL_RECORD_JSON_INVALID'],
  ])('refuses %s with %s', (value, code) => {
    expect(() => createScoreDecoder(undefined)(Buffer.from(value))).toThrow(expect.objectContaining({ code }))
  })
})
