import { describe, expect, it } from 'vitest'
import { compileAvro } from '../../../src/avro/avro-type.ts'

function recordOf(type: unknown) {
  return compileAvro({ type: 'record', name: 'R', fields: [{ name: 'at', type }] })
}

const millis = recordOf(['null', { type: 'long', logicalType: 'timestamp-millis' }])

function readAs(writerType: unknown, at: unknown): unknown {
  const writer = recordOf(writerType)
  return millis.fromBuffer(writer.toBuffer({ at }), millis.createResolver(writer)).at
}

describe('a timestamp', () => {
  it.each([0, -1, 1_735_689_600_123, 8.64e15, -8.64e15])('comes back as it went: %d', (at) => {
    expect(millis.fromBuffer(millis.toBuffer({ at }))).toEqual({ at })
  })

  it.each([1.5, '2025-01-01', Number.NaN, 2 ** 60, 5n])('refuses %s', (at) => {
    expect(() => millis.toBuffer({ at })).toThrow()
  })

  it.each([
    ['long', 5n, 5],
    [{ type: 'long' }, 5n, 5],
    ['int', 5, 5],
    [['null', 'long'], null, null],
    [['null', 'long'], 5n, 5],
    ['null', null, null],
    [{ type: 'long', logicalType: 'timestamp-millis' }, 5, 5],
    [{ type: 'long', logicalType: 'timestamp-micros' }, 1_735_689_600_123, 1_735_689_600_123],
    [{ type: 'long', logicalType: 'timestamp-nanos' }, 1_735_689_600_123, 1_735_689_600_123],
    [['null', { type: 'long', logicalType: 'timestamp-nanos' }], 1_735_689_600_123, 1_735_689_600_123],
  ])('is read from %j', (writerType, at, expected) => {
    expect(readAs(writerType, at)).toBe(expected)
  })

  it('rounds a finer unit down, before the epoch as well', () => {
    const micros = recordOf({ type: 'long', logicalType: 'timestamp-micros' })
    const plain = recordOf('long')
    for (const [units, ms] of [
      [1_999n, 1],
      [-1n, -1],
      [-1_000n, -1],
      [-1_001n, -2],
    ] as const) {
      expect(micros.fromBuffer(plain.toBuffer({ at: units })).at).toBe(ms)
    }
  })

  it.each(['string', 'double', 'boolean', { type: 'map', values: 'long' }])('is not read from %j', (writerType) => {
    expect(() => millis.createResolver(recordOf(writerType))).toThrow()
  })

  it('on anything but a long is no timestamp', () => {
    const strange = recordOf({ type: 'string', logicalType: 'timestamp-millis' })
    expect(strange.fromBuffer(strange.toBuffer({ at: 'noon' }))).toEqual({ at: 'noon' })
  })
})
