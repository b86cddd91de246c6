import { ValenceError } from './errors.ts'
import { headerNames } from './headers.ts'
import { readSchemaId } from './wire-format.ts'

/**
 * Schema id of a record: Confluent's number or GUID, Apicurio's contentId or globalId, or Apicurio's 8-byte id, which can
 * be either of the two.
 */
export type SchemaId =
  | number
  | `guid ${string}`
  | `contentId ${bigint}`
  | `globalId ${bigint}`
  | `contentId or globalId ${bigint}`

const longHeaderBytes = 9

/** Schema id and payload of a framed value. The payload is a view of the value. */
export interface FramedValue {
  readonly id: SchemaId
  readonly payload: Buffer
}

/**
 * Splits a framed value into schema id and payload; undefined if it does not begin with the magic byte. Apicurio can
 * write 8-byte ids: registries do not assign id 0, so four zero bytes are the upper half of such an id.
 * Throws VAL_SCHEMA_PAYLOAD_INVALID if the value ends within the id.
 */
export function readFramedValue(value: Buffer): FramedValue | undefined {
  const id = readSchemaId(value)
  if (id === undefined) return undefined
  if (id !== 0 || value.length < longHeaderBytes) return { id, payload: value.subarray(5) }
  const long = value.readBigInt64BE(1)
  return { id: long === 0n ? 0 : `contentId or globalId ${long}`, payload: value.subarray(longHeaderBytes) }
}

/** Name and value of a header. */
interface NamedValue {
  readonly name: string
  readonly value: Buffer | null
}

const confluentHeader = headerNames.valueSchemaId
const apicurioPrefix = 'apicurio.value.'
/** Apicurio headers that identify a schema without an id; they are not resolved. */
const coordinates: ReadonlySet<string> = new Set(['contentHash', 'artifactId'].map((name) => apicurioPrefix + name))

/**
 * The schema id of the value in the headers that Confluent's and Apicurio's serialisers write; undefined without one. The
 * last of several headers of a name is used, as in those serialisers. The payload is then not framed. Throws
 * VAL_SCHEMA_ID_UNRESOLVABLE for an unreadable id, VAL_RECORD_FORMAT_REFUSED for Avro's JSON encoding.
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

/**
 * What Confluent's serialisers of Protobuf write behind the id in the header, and not in front of the payload: the message
 * indexes. Undefined where there is nothing.
 */
export function readIndexesHeader(headers: readonly NamedValue[]): Buffer | undefined {
  const value = headers.findLast(({ name }) => name === confluentHeader)?.value
  const indexes = value?.subarray(value[0] === 0 ? 5 : 17)
  return indexes === undefined || indexes.length === 0 ? undefined : indexes
}

/** Byte 0 and an int32, or byte 1 and a UUID; message indexes of Protobuf can follow. */
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
