import { ValenceError } from './errors.ts'
import { readSchemaId } from './wire-format.ts'

/**
 * How a record names its schema: the registry's number, Confluent's GUID, Apicurio's contentId or globalId, or
 * Apicurio's 8-byte id, of which the record does not say which of the two it is.
 */
export type SchemaId =
  | number
  | `guid ${string}`
  | `contentId ${bigint}`
  | `globalId ${bigint}`
  | `contentId or globalId ${bigint}`

const longHeaderBytes = 9

/** A value with its schema id in front, taken apart. The payload is a view of the value. */
export interface FramedValue {
  readonly id: SchemaId
  readonly payload: Buffer
}

/**
 * The schema id and the payload of a framed value; undefined where it does not begin with the magic byte. Apicurio may
 * write its ids in eight bytes: no registry gives out 0, so four bytes of zero are the upper half of one.
 * Throws VAL_SCHEMA_PAYLOAD_INVALID where the value ends within the id.
 */
export function readFramedValue(value: Buffer): FramedValue | undefined {
  const id = readSchemaId(value)
  if (id === undefined) return undefined
  if (id !== 0 || value.length < longHeaderBytes) return { id, payload: value.subarray(5) }
  const long = value.readBigInt64BE(1)
  return { id: long === 0n ? 0 : `contentId or globalId ${long}`, payload: value.subarray(longHeaderBytes) }
}

/** A header as far as it matters here. */
interface NamedValue {
  readonly name: string
  readonly value: Buffer | null
}

const confluentHeader = '__value_schema_id'
const apicurioPrefix = 'apicurio.value.'
/** Apicurio's other ways to name a schema; they need more than an id to follow. */
const coordinates: ReadonlySet<string> = new Set(['contentHash', 'artifactId'].map((name) => apicurioPrefix + name))

/**
 * The schema id that the headers of a record name for its value, as Confluent's and Apicurio's serialisers write it; of
 * several headers of one name the last counts, as it does for them. The payload is not framed then. Throws
 * VAL_SCHEMA_ID_UNRESOLVABLE for an id that cannot be read, VAL_RECORD_FORMAT_REFUSED for Avro's JSON encoding.
 */
export function readSchemaIdHeader(headers: readonly NamedValue[]): SchemaId | undefined {
  const found = new Map<string, Buffer | null>()
  for (const { name, value } of headers) {
    if (name === confluentHeader || name.startsWith(apicurioPrefix)) found.set(name, value)
  }
  return found.size === 0 ? undefined : chooseId(found)
}

function chooseId(found: ReadonlyMap<string, Buffer | null>): SchemaId | undefined {
  const encoding = found.get(`${apicurioPrefix}encoding`)?.toString() ?? 'BINARY'
  if (encoding.toUpperCase() !== 'BINARY') {
    throw new ValenceError('VAL_RECORD_FORMAT_REFUSED', `${apicurioPrefix}encoding ${encoding.slice(0, 40)}`)
  }
  const confluent = found.get(confluentHeader)
  if (confluent !== undefined) return readConfluentId(confluent)
  for (const kind of ['globalId', 'contentId'] as const) {
    const value = found.get(apicurioPrefix + kind)
    if (value !== undefined) return `${kind} ${readLong(value, apicurioPrefix + kind)}`
  }
  const other = [...found.keys()].find((name) => coordinates.has(name))
  if (other !== undefined) throw unreadable(`${other} without an id`)
  return undefined
}

/** A zero byte and a number in four bytes, or a byte of one and a UUID; Protobuf's message indexes may follow. */
function readConfluentId(value: Buffer | null): SchemaId {
  if (value?.[0] === 0 && value.length >= 5) return value.readInt32BE(1)
  if (value?.[0] !== 1 || value.length < 17) throw unreadable(`${confluentHeader} of ${value?.length ?? 0} bytes`)
  const hex = value.toString('hex', 1, 17)
  return `guid ${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`
}

function readLong(value: Buffer | null, name: string): bigint {
  const id = value?.length === 8 ? value.readBigInt64BE() : 0n
  if (id <= 0n) throw unreadable(`${name} of ${value?.length ?? 0} bytes is no id`)
  return id
}

function unreadable(detail: string): ValenceError {
  return new ValenceError('VAL_SCHEMA_ID_UNRESOLVABLE', detail)
}
