import type { RecordHeader } from '@valence/schemas'
import type { KafkaRecord } from '../../kafka/record.ts'

/** One line of a segment: a record as JSON, its bytes in base64. */
interface KeptRecord {
  readonly offset: string
  /** Decimal digits; a number in earlier backups. */
  readonly timestamp: string | number
  readonly key: string | null
  readonly value: string | null
  readonly headers: readonly KeptHeader[]
}

/** `nameBytes` (base64) is present if the name is not valid UTF-8. */
type KeptHeader = readonly [name: string, value: string | null, nameBytes?: string]

function keepHeader({ name, value, nameBytes }: RecordHeader): KeptHeader {
  const kept = value?.toString('base64') ?? null
  return nameBytes === undefined ? [name, kept] : [name, kept, nameBytes.toString('base64')]
}

function restoreHeader([name, value, nameBytes]: KeptHeader): RecordHeader {
  const restored = { name, value: value === null ? null : Buffer.from(value, 'base64') }
  return nameBytes === undefined ? restored : { ...restored, nameBytes: Buffer.from(nameBytes, 'base64') }
}

/** Serializes a record to one line, without the line break. */
export function toLine({ offset, timestamp, key, value, headers }: KafkaRecord): string {
  const kept: KeptRecord = {
    offset: String(offset),
    timestamp: String(timestamp),
    key: key?.toString('base64') ?? null,
    value: value?.toString('base64') ?? null,
    headers: headers.map(keepHeader),
  }
  return JSON.stringify(kept)
}

/** Parses a line that `toLine` wrote. */
export function fromLine(line: string): KafkaRecord {
  const { offset, timestamp, key, value, headers } = JSON.parse(line) as KeptRecord
  return {
    offset: BigInt(offset),
    timestamp: BigInt(timestamp),
    key: key === null ? null : Buffer.from(key, 'base64'),
    value: value === null ? null : Buffer.from(value, 'base64'),
    headers: headers.map(restoreHeader),
  }
}
