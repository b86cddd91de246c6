import { describe, expect, it } from 'vitest'
import { compileAvro } from '../../../src/avro/avro-type.ts'
import { longType } from '../../../src/avro/long-type.ts'

const extremes = [0n, -1n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n)]

describe('long', () => {
  it.each(extremes)('keeps %d', (value) => {
    expect(longType.fromBuffer(longType.toBuffer(value))).toBe(value)
  })

  it.each([2n ** 63n, -(2n ** 63n) - 1n, 1, '1', null])('refuses %s', (value) => {
    expect(longType.isValid(value)).toBe(false)
    expect(() => longType.toBuffer(value)).toThrow()
  })

  it('compares numerically', () => {
    expect([3n, -5n, 2n ** 60n, 0n].sort((left, right) => longType.compare(left, right))).toEqual([
      -5n,
      0n,
      3n,
      2n ** 60n,
    ])
    expect(longType.compare(4n, 4n)).toBe(0)
  })

  it('is used for every spelling in the schema', () => {
    for (const type of [
      'long',
      { type: 'long' },
      { type: 'long', 'connect.version': 1 },
      { type: 'long', logicalType: 'ours' },
    ]) {
      const record = compileAvro({ type: 'record', name: 'R', fields: [{ name: 'at', type }] })
      expect(record.fromBuffer(record.toBuffer({ at: 2n ** 60n }))).toEqual({ at: 2n ** 60n })
    }
  })

  it('reads the int and the default of another schema', () => {
    const writer = compileAvro({ type: 'record', name: 'R', fields: [{ name: 'a', type: 'int' }] })
    const reader = compileAvro({
      type: 'record',
      name: 'R',
      fields: [
        { name: 'a', type: 'long' },
        { name: 'b', type: 'long', default: 7 },
      ],
    })
    expect(reader.fromBuffer(writer.toBuffer({ a: 5 }), reader.createResolver(writer))).toEqual({ a: 5n, b: 7n })
  })
})
