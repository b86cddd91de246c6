import { describe, expect, it } from 'vitest'
import { frame, framedPayload, readSchemaId } from '../../src/index.ts'
import { thrownBy } from '../support/thrown.ts'

describe('the wire format', () => {
  it('is byte 0, the id in four bytes, the payload', () => {
    expect(frame(258, Buffer.from('hi'))).toEqual(Buffer.from([0, 0, 0, 1, 2, 0x68, 0x69]))
  })

  it.each([1, 258, 2_147_483_647])('has id %d and the payload after framing', (id) => {
    const framed = frame(id, Uint8Array.of(1, 2, 3))
    expect(readSchemaId(framed)).toBe(id)
    expect(framedPayload(framed)).toEqual(Buffer.from([1, 2, 3]))
  })

  it('can have no payload', () => {
    expect(framedPayload(frame(7, Buffer.alloc(0)))).toHaveLength(0)
  })

  it.each(['', '{"text":"a"}', 'plain text', '\u0001'])('is not recognised in %j', (text) => {
    expect(readSchemaId(Buffer.from(text))).toBeUndefined()
  })

  it.each([1, 2, 3, 4])('cut to %d bytes is damaged, not a text', (length) => {
    expect(thrownBy(() => readSchemaId(frame(1, Buffer.alloc(0)).subarray(0, length)))).toMatchObject({
      code: 'VAL_SCHEMA_PAYLOAD_INVALID',
      detail: `${length} bytes hold no schema id`,
    })
  })

  it('refuses an id beyond 32 bits', () => {
    expect(() => frame(2 ** 31, Buffer.alloc(0))).toThrow(RangeError)
  })
})
