import avro from 'avsc'

/** A decimal as its digits: the unscaled integer is big-endian two's complement. */
export class DecimalType extends avro.types.LogicalType {
  readonly #scale: number

  constructor(schema: unknown, options?: unknown) {
    super(schema as never, options as never)
    const { scale = 0 } = schema as { scale?: unknown }
    if (!Number.isInteger(scale) || (scale as number) < 0 || (scale as number) > maxScale) throw new Error('scale')
    this.#scale = scale as number
  }

  protected override _fromValue(bytes: Buffer): string | Buffer {
    return bytes.length > maxBytes ? bytes : withPoint(readUnscaled(bytes), this.#scale)
  }
}

/** Limits the work for one value. Databases allow up to 131,072 digits, which no text field needs. */
const maxBytes = 1_024
const maxScale = 2_048

function readUnscaled(bytes: Buffer): bigint {
  return bytes.length === 0 ? 0n : BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`))
}

function withPoint(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : ''
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return scale === 0 ? sign + whole : `${sign}${whole}.${digits.slice(-scale)}`
}
