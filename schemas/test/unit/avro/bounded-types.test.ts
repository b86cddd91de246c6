import avro from 'avsc'
import { describe, expect, it } from 'vitest'
import { compileAvro } from '../../../src/avro/avro-type.ts'

const map = { type: 'map', values: 'string' }
const array = { type: 'array', items: 'long' }

/** Avro's zigzag variable-length long. */
function long(value: number): Buffer {
  return avro.Type.forSchema('long').toBuffer(value)
}

function bytes(...parts: (Buffer | number)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'number' ? long(part) : part)))
}

const billions = 2 ** 40

describe('maps and arrays', () => {
  it('read what stock avsc writes', () => {
    const value = { a: 'x', b: '', ü: '🙂' }
    expect(compileAvro(map).fromBuffer(avro.Type.forSchema(map as never).toBuffer(value))).toEqual(value)
    const items = [0, -1, 2 ** 40]
    expect(compileAvro(array).fromBuffer(avro.Type.forSchema(array as never).toBuffer(items))).toEqual([
      0n,
      -1n,
      2n ** 40n,
    ])
  })

  it('read several blocks, and blocks with their size', () => {
    const entry = bytes(1, Buffer.from('k'), 1, Buffer.from('v'))
    const other = bytes(1, Buffer.from('l'), 1, Buffer.from('w'))
    const payload = bytes(1, entry, -1, other.length, other, 0)
    expect(compileAvro(map).fromBuffer(payload)).toEqual({ k: 'v', l: 'w' })
  })

  it('stop at the last item, although the count is larger', () => {
    const startedAt = performance.now()
    for (const count of [billions, -billions]) {
      const size = count < 0 ? [long(4)] : []
      expect(() => compileAvro(map).fromBuffer(bytes(count, ...size))).toThrow('truncated buffer')
      expect(() => compileAvro(array).fromBuffer(bytes(count, ...size))).toThrow('truncated buffer')
    }
    // Stock avsc reads past the end, for hours.
    expect(performance.now() - startedAt).toBeLessThan(30_000)
  })

  it('stop at items that take no bytes or move the position back', () => {
    const nulls = compileAvro({ type: 'array', items: 'null' })
    expect(() => nulls.fromBuffer(bytes(billions, 0))).toThrow('truncated buffer')
    expect(() => compileAvro(map).fromBuffer(bytes(1, -6, 0))).toThrow('truncated buffer')
  })

  it('stop also if the reader skips them', () => {
    const writer = compileAvro({
      type: 'record',
      name: 'R',
      fields: [
        { name: 'map', type: map },
        { name: 'array', type: array },
        { name: 'kept', type: 'string' },
      ],
    })
    const reader = compileAvro({ type: 'record', name: 'R', fields: [{ name: 'kept', type: 'string' }] })
    const resolver = reader.createResolver(writer)
    const payload = bytes(1, bytes(1, Buffer.from('k'), 1, Buffer.from('v')), 0, 2, 5, 6, 0, 1, Buffer.from('z'))
    expect(reader.fromBuffer(payload, resolver)).toEqual({ kept: 'z' })
    expect(() => reader.fromBuffer(bytes(billions), resolver)).toThrow('truncated buffer')
    expect(() => reader.fromBuffer(bytes(0, billions), resolver)).toThrow('truncated buffer')
    // A block with a negative size would be skipped in an endless loop.
    expect(() => reader.fromBuffer(bytes(-1, -3), resolver)).toThrow('truncated buffer')
  })

  it('resolve a nested map', () => {
    const outer = { type: 'map', values: { type: 'array', items: 'int' } }
    const writer = compileAvro(outer)
    const reader = compileAvro({ type: 'map', values: { type: 'array', items: 'double' } })
    expect(reader.fromBuffer(writer.toBuffer({ a: [1, 2] }), reader.createResolver(writer))).toEqual({ a: [1, 2] })
  })

  it('keep the key __proto__', () => {
    const value = JSON.parse('{"__proto__":"x","a":"y"}') as Record<string, string>
    const read = compileAvro(map).fromBuffer(compileAvro(map).toBuffer(value)) as Record<string, string>
    expect(Object.entries(read)).toEqual(Object.entries(value))
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
  })
})
