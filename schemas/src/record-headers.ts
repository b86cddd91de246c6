import { checkUnicode } from './records/check-unicode.ts'

/** One header of a record. */
export interface RecordHeader {
  readonly name: string
  readonly value: Buffer | null
  /** The bytes of the name, where they are not valid UTF-8: `name` has U+FFFD in their place then. */
  readonly nameBytes?: Buffer | undefined
}

/** The headers of a record in their order. A name may occur more than once; a value may be null. */
export type RecordHeaders = readonly RecordHeader[]

export type HeaderValue = Buffer | string | null

/** Headers by name, as kafkajs has them: several values of one name are an array. */
export interface HeaderRecord {
  readonly [name: string]: HeaderValue | readonly HeaderValue[] | undefined
}

/** @throws VAL_RECORD_NOT_UTF8 where the name or the value is a string that UTF-8 cannot spell */
export function recordHeader(name: string, value: HeaderValue): RecordHeader {
  checkUnicode(name, 'the name of a header')
  if (typeof value !== 'string') return { name, value }
  return { name, value: Buffer.from(checkUnicode(value, `the header ${name}`)) }
}

/**
 * The headers of a record of names. Only own properties count, and only bytes, text and null among them: stock kafkajs
 * adds what every object inherits to headers named `constructor`, `toString` or `__proto__`.
 */
export function headersFromRecord(record: HeaderRecord): RecordHeader[] {
  return Object.keys(record).flatMap((name) => {
    const given = record[name]
    const values = Array.isArray(given) ? given : [given]
    return values.filter(isHeaderValue).map((value) => recordHeader(name, value))
  })
}

/** The headers by name, without a prototype, so that any name is safe. The order among different names is lost. */
export function headersByName(headers: RecordHeaders): Record<string, Buffer | null | (Buffer | null)[]> {
  const byName: Record<string, Buffer | null | (Buffer | null)[]> = Object.create(null)
  for (const { name, value } of headers) {
    const known = byName[name]
    if (known === undefined) byName[name] = value
    else if (Array.isArray(known)) known.push(value)
    else byName[name] = [known, value]
  }
  return byName
}

/** The first value of a header as text; undefined where there is none, or it is null. */
export function headerText(headers: RecordHeaders, name: string): string | undefined {
  return headers.find((header) => header.name === name)?.value?.toString('utf8')
}

/** Like `headerText`, for a header of HTTP, which bridges carry over in whatever case it came. `name` is in lower case. */
export function httpHeaderText(headers: RecordHeaders, name: string): string | undefined {
  const found = headers.find((own) => own.name.length === name.length && own.name.toLowerCase() === name)
  return found?.value?.toString('utf8')
}

/** The headers with one of this name, at their end, in the place of any others of the name. */
export function withHeader(headers: RecordHeaders, name: string, value: HeaderValue): RecordHeader[] {
  return [...headers.filter((header) => header.name !== name), recordHeader(name, value)]
}

function isHeaderValue(value: unknown): value is HeaderValue {
  return value === null || typeof value === 'string' || Buffer.isBuffer(value)
}
