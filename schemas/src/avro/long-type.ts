import avro from 'avsc'

const minLong = -(2n ** 63n)
const maxLong = 2n ** 63n - 1n

/** Avro's long as bigint; avsc's own type refuses values beyond 2^53. */
export const longType = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer(value: bigint) {
    const buffer = Buffer.allocUnsafe(8)
    buffer.writeBigInt64LE(value)
    return buffer
  },
  fromJSON: (value: number) => BigInt(value),
  toJSON: (value: bigint) => Number(value),
  isValid: (value: unknown) => typeof value === 'bigint' && value >= minLong && value <= maxLong,
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
})
