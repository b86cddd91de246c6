/** A header as it stands in a record. */
export interface HeaderBytes {
  readonly name: Buffer
  readonly value: Buffer | null
}

export interface RecordBytes {
  readonly timestampDelta?: bigint
  readonly offsetDelta?: bigint
  readonly key?: Buffer | null
  readonly value?: Buffer | null
  readonly headers?: readonly HeaderBytes[]
}

/** A record of a batch of magic 2, its length included, written from Kafka's protocol guide and nothing else. */
export function recordBytes({
  timestampDelta = 0n,
  offsetDelta = 0n,
  key = null,
  value = null,
  headers = [],
}: RecordBytes): Buffer {
  const body = Buffer.concat([
    Buffer.from([0]),
    varlong(timestampDelta),
    varlong(offsetDelta),
    sized(key),
    sized(value),
    varlong(BigInt(headers.length)),
    ...headers.flatMap((header) => [sized(header.name), sized(header.value)]),
  ])
  return Buffer.concat([varlong(BigInt(body.length)), body])
}

function sized(bytes: Buffer | null): Buffer {
  return bytes === null ? varlong(-1n) : Buffer.concat([varlong(BigInt(bytes.length)), bytes])
}

function varlong(value: bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}
