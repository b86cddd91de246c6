import avro, { type Type } from 'avsc'
import { ValenceError } from '../errors.ts'
import { readAvroString, type StringTap } from './string-type.ts'

/** Further members of avsc's cursor. */
interface Tap extends StringTap {
  /** Added here: number of record fields read so far. */
  fieldsRead?: number
  skipLong(): void
  skipString(): void
}

interface Readable {
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}

/** Limit of fields read from one payload: `baseFields` plus `fieldsPerByte` per byte of the payload. */
const [fieldsPerByte, baseFields] = [16, 100_000]

interface RecordInternals {
  _createReader(): (tap: Tap) => unknown
  _createSkipper(): (tap: Tap) => void
}

const internals = avro.types.RecordType.prototype as unknown as RecordInternals

/** Limits the fields read: records of null fields take no bytes, so 40 nested ones (2 kB of schema) can have 2^40 fields. */
class BoundedRecordType extends avro.types.RecordType {
  protected _createReader(): (tap: Tap) => unknown {
    const read = internals._createReader.call(this)
    const { length } = this.fields
    return (tap) => {
      countFields(tap, length)
      return read(tap)
    }
  }

  protected _createSkipper(): (tap: Tap) => void {
    const skip = internals._createSkipper.call(this)
    const { length } = this.fields
    return (tap) => {
      countFields(tap, length)
      skip(tap)
    }
  }
}

function countFields(tap: Tap, fields: number): void {
  const count = (tap.fieldsRead ?? 0) + fields + 1
  if (count > baseFields + fieldsPerByte * tap.buf.length) {
    throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', 'reading the record takes too many fields')
  }
  tap.fieldsRead = count
}

/*
 * avsc trusts the item count of a block. A damaged record of 12 bytes can claim 2^40 items, and avsc then loops for hours
 * past the end of the buffer. These types throw at the first item beyond the end.
 */

class BoundedMapType extends avro.types.MapType {
  _read(tap: Tap): Record<string, unknown> {
    const values = this.valuesType as Readable
    const entries: Record<string, unknown> = {}
    readBlocks(tap, () => {
      const key = readAvroString(tap)
      const value = values._read(tap)
      if (key === '__proto__')
        Object.defineProperty(entries, key, { value, enumerable: true, configurable: true, writable: true })
      else entries[key] = value
    })
    return entries
  }

  _skip(tap: Tap): void {
    const values = this.valuesType as Readable
    readBlocks(tap, () => {
      tap.skipString()
      values._skip(tap)
    })
  }
}

class BoundedArrayType extends avro.types.ArrayType {
  _read(tap: Tap): unknown[] {
    const items = this.itemsType as unknown as Readable
    const values: unknown[] = []
    readBlocks(tap, () => {
      values.push(items._read(tap))
    })
    return values
  }

  _skip(tap: Tap): void {
    const items = this.itemsType as unknown as Readable
    readBlocks(tap, () => items._skip(tap))
  }
}

/** Each item must take at least one byte, because items of no bytes make the count unlimited. So arrays of null are refused. */
function readBlocks(tap: Tap, readItem: () => void): void {
  for (let count = readCount(tap); count !== 0; count = readCount(tap)) {
    for (let left = count; left > 0; left--) {
      const start = tap.pos
      readItem()
      if (tap.pos <= start || tap.pos > tap.buf.length) throw new Error('truncated buffer')
    }
  }
}

function readCount(tap: Tap): number {
  const count = tap.readLong()
  if (count >= 0) return count
  tap.skipLong()
  return -count
}

/** The bounded type for a map, array or record schema; undefined for other schemas. */
export function boundedType(schema: unknown, options: unknown): Type | undefined {
  const type = (schema as { type?: unknown } | null)?.type
  if (type === 'map') return new BoundedMapType(schema as never, options)
  if (type === 'array') return new BoundedArrayType(schema as never, options)
  if (type === 'record' || type === 'error') return new BoundedRecordType(schema as never, options)
  return undefined
}
