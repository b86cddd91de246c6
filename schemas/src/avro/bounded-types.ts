import avro, { type Type } from 'avsc'
import { readAvroString, type StringTap } from './string-type.ts'

/** More of avsc's cursor. */
interface Tap extends StringTap {
  skipLong(): void
  skipString(): void
}

interface Readable {
  _read(tap: Tap): unknown
  _skip(tap: Tap): void
}

/*
 * avsc believes the item count in front of a block. A damaged record of a dozen bytes can claim 2^40 items, and the
 * event loop spins on them past the end of the buffer for hours. These types stop at the first item that is not there.
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

/** Each item takes at least a byte, or a count alone could still keep the loop busy: arrays of null are refused. */
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

/** The map or array of a schema, of a kind that cannot read beyond its buffer; undefined for any other schema. */
export function boundedType(schema: unknown, options: unknown): Type | undefined {
  const type = (schema as { type?: unknown } | null)?.type
  if (type === 'map') return new BoundedMapType(schema as never, options)
  if (type === 'array') return new BoundedArrayType(schema as never, options)
  return undefined
}
