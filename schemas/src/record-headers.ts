import { checkUnicode } from './records/check-unicode.ts'

/** One header of a record. */
export interface RecordHeader {
  readonly name: string
  readonly value: Buffer | null
  /** The bytes of the name if they are not valid UTF-8; `name` then has U+FFFD for each invalid sequence. */
  readonly nameBytes?: Buffer | undefined
}

/** The headers of a record in order. Names can repeat; values can be null. */
export type RecordHeaders = readonly RecordHeader[]

export type HeaderValue = Buffer | string | null

/** Headers by name, as in kafkajs; several values of a name are an array. */
export interface HeaderRecord {
  readonly [name: string]: HeaderValue | readonly HeaderValue[] | undefined
}

/** Creates a header. @throws VAL_RECORD_NOT_UTF8 if name or value is a string with a lone surrogate */
export function recordHeader(name: string, value: HeaderValue): RecordHeader {
  checkUnicode(name, 'the name of a header')
  if (typeof value !== 'string') return { name, value }
  return { name, value: Buffer.from(checkUnicode(value, `the header ${name}`)) }
}

/**
 * Converts headers by name to a list. Only own properties with bytes, strings or null are used: stock kafkajs adds
 * inherited functions to headers named `constructor`, `toString` or `__proto__`.
 */
export function headersFromRecord(record: HeaderRecord): RecordHeader[] {
  return Object.keys(record).flatMap((name) => {
    const given = record[name]
    const values = Array.isArray(given) ? given : [given]
    return values.filter(isHeaderValue).map((value) => recordHeader(name, value))
  })
}

/** Converts a list to headers by name, in an object without a prototype, which is safe for any name. The order of different names is lost. */
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

/** The first value of a header as UTF-8; undefined if the header is missing or null. */
export function headerText(headers: RecordHeaders, name: string): string | undefined {
  return headers.find((header) => header.name === name)?.value?.toString('utf8')
}

/** Like `headerText`, ignoring case: bridges keep the case of HTTP headers. `name` must be in lower case. */
export function httpHeaderText(headers: RecordHeaders, name: string): string | undefined {
  const found = headers.find((own) => own.name.length === name.length && own.name.toLowerCase() === name)
  return found?.value?.toString('utf8')
}

/** Removes all headers of this name and appends one. */
export function withHeader(headers: RecordHeaders, name: string, value: HeaderValue): RecordHeader[] {
  return [...headers.filter((header) => header.name !== name), recordHeader(name, value)]
}

function isHeaderValue(value: unknown): value is HeaderValue {
  return value === null || typeof value === 'string' || Buffer.isBuffer(value)
}
