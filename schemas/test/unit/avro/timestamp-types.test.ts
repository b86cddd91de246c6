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

  it.each([
    ['timestamp-millis', 1_735_689_600_123n],
    ['timestamp-micros', 1_735_689_600_123_999n],
    ['timestamp-nanos', 1_735_689_600_123_999_999n],
    ['local-timestamp-millis', 1_735_689_600_123n],
    ['local-timestamp-micros', 1_735_689_600_123_999n],
    ['local-timestamp-nanos', 1_735_689_600_123_999_999n],
  ])('is read in the unit of %s', (logicalType, units) => {
    const payload = recordOf('long').toBuffer({ at: units })
    for (const type of [
      { type: 'long', logicalType },
      { type: 'long', logicalType, 'connect.version': 1 },
    ]) {
      expect(millis.fromBuffer(payload, millis.createResolver(recordOf(type))).at).toBe(1_735_689_600_123)
    }
  })

  it.each([
    ['io.debezium.time.Timestamp', 1_735_689_600_123n],
    ['io.debezium.time.MicroTimestamp', 1_735_689_600_123_999n],
    ['io.debezium.time.NanoTimestamp', 1_735_689_600_123_999_999n],
  ])('is read in the unit of %s', (name, units) => {
    const payload = recordOf('long').toBuffer({ at: units })
    const writer = recordOf({ type: 'long', 'connect.name': name, 'connect.version': 1 })
    expect(millis.fromBuffer(payload, millis.createResolver(writer)).at).toBe(1_735_689_600_123)
  })

  it.each([
    { type: 'int', logicalType: 'date' },
    { type: 'int', 'connect.name': 'io.debezium.time.Date' },
  ])('is midnight UTC of a date: %j', (type) => {
    const payload = recordOf('int').toBuffer({ at: 20_089 })
    expect(millis.fromBuffer(payload, millis.createResolver(recordOf(type))).at).toBe(Date.parse('2025-01-01'))
    const before = recordOf('int').toBuffer({ at: -1 })
    expect(millis.fromBuffer(before, millis.createResolver(recordOf(type))).at).toBe(Date.parse('1969-12-31'))
  })

  it.each([
    { type: 'int', logicalType: 'time-millis' },
    { type: 'long', logicalType: 'time-micros' },
    { type: 'int', 'connect.name': 'io.debezium.time.Time' },
    { type: 'long', 'connect.name': 'io.debezium.time.MicroTime' },
    { type: 'long', 'connect.name': 'io.debezium.time.NanoTime' },
  ])('is not read from a time of day: %j', (type) => {
    expect(() => millis.createResolver(recordOf(type))).toThrow()
    const writer = recordOf(type)
    expect(
      writer.fromBuffer(recordOf((type as { type: string }).type).toBuffer({ at: type.type === 'int' ? 5 : 5n })),
    ).toEqual({
      at: type.type === 'int' ? 5 : 5n,
    })
  })

  it.each([
    { type: 'long', logicalType: 'constructor' },
    { type: 'long', logicalType: '__proto__' },
    { type: 'long', logicalType: 'date' },
    { type: 'long', 'connect.name': 'toString' },
  ])('is a plain long if the logical type is not one of a long: %j', (type) => {
    const payload = recordOf('long').toBuffer({ at: 5n })
    expect(millis.fromBuffer(payload, millis.createResolver(recordOf(type))).at).toBe(5)
  })

  it.each(['string', 'double', 'boolean', { type: 'map', values: 'long' }])('is not read from %j', (writerType) => {
    expect(() => millis.createResolver(recordOf(writerType))).toThrow()
  })

  it('is not used for other types than long', () => {
    const strange = recordOf({ type: 'string', logicalType: 'timestamp-millis' })
    expect(strange.fromBuffer(strange.toBuffer({ at: 'noon' }))).toEqual({ at: 'noon' })
  })
})
