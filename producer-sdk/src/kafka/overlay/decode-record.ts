import { isUtf8 } from 'node:buffer'
import { headersByName, type RecordHeader, type RecordHeaders } from '@valence/schemas'
import { chargeBudget } from '../decompression-limit.ts'
import type { FetchedRecord } from './aborted-records.ts'

/** kafkajs's cursor, at the beginning of one record. */
interface Decoder {
  readonly buffer: Buffer
  offset: number
  readVarLong(): { toString(): string }
}

/** What kafkajs knows of the batch of a record. Offsets and times are decimal digits. */
export interface BatchContext {
  readonly firstOffset: string
  readonly firstTimestamp: string
  readonly maxTimestamp: string
  readonly timestampType: number
  readonly isControlBatch: boolean
  readonly magicByte: number
  readonly producerId: string
  readonly inTransaction: boolean
}

export interface DecodedRecord extends FetchedRecord {
  readonly magicByte: number
  readonly attributes: number
  /** Epoch milliseconds, in decimal digits. */
  readonly timestamp: string
  readonly value: Buffer | null
  readonly headers: ReturnType<typeof headersByName>
  readonly headerList: RecordHeaders
}

const logAppendTime = 1
const replacementCharacter = '\ufffd'
const noHeaders: RecordHeaders = Object.freeze([])
/** A header is an object with a name and a view, however few bytes it came in. */
const leastHeaderBytes = 128

/**
 * Hunk O, in the place of kafkajs's `recordBatch/record/v0/decoder`. Stock kafkajs collects headers in an object: their
 * order is lost, names such as `constructor` meet what every object inherits, and n headers cost n² copies. Here they are
 * a list, `headerList`, beside the object that kafkajs's users know, which has no prototype.
 */
export function decodeRecord(decoder: Decoder, context: BatchContext): DecodedRecord {
  const cursor = new RecordCursor(decoder)
  const attributes = cursor.int8()
  const timestampDelta = cursor.long()
  const offset = addDigits(context.firstOffset, cursor.length())
  const key = cursor.bytes()
  const value = cursor.bytes()
  const headerList = readHeaders(cursor)
  const isAppendTime = context.timestampType === logAppendTime && context.maxTimestamp
  return {
    magicByte: context.magicByte,
    attributes,
    timestamp: isAppendTime ? context.maxTimestamp : addDigits(context.firstTimestamp, timestampDelta),
    offset,
    key,
    value,
    headers: headersByName(headerList),
    headerList,
    isControlRecord: context.isControlBatch,
    batchContext: context,
  }
}

function readHeaders(cursor: RecordCursor): RecordHeaders {
  const count = cursor.length()
  if (count <= 0) return noHeaders
  chargeBudget(count * leastHeaderBytes)
  const list: RecordHeader[] = []
  while (list.length < count) {
    // A damaged count alone must not fill the memory.
    if (cursor.isAtEnd) throw new Error('a record ends within its headers')
    list.push(readHeader(cursor))
  }
  return list
}

function readHeader(cursor: RecordCursor): RecordHeader {
  const nameBytes = cursor.bytes() ?? Buffer.alloc(0)
  const name = nameBytes.toString('utf8')
  const value = cursor.bytes()
  const isWhole = !name.includes(replacementCharacter) || isUtf8(nameBytes)
  return isWhole ? { name, value } : { name, value, nameBytes }
}

function addDigits(base: string, delta: number | bigint): string {
  const from = Number(base)
  const sum = from + Number(delta)
  const isExact = Number.isSafeInteger(from) && Number.isSafeInteger(sum)
  return isExact ? String(sum) : String(BigInt(base) + BigInt(delta))
}

/** Reads the fields of a record in turn. Numbers are Kafka's varint and varlong: zigzag, seven bits a byte, lowest first. */
class RecordCursor {
  readonly #decoder: Decoder
  readonly #bytes: Buffer
  #at: number

  constructor(decoder: Decoder) {
    this.#decoder = decoder
    this.#bytes = decoder.buffer
    this.#at = decoder.offset
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  int8(): number {
    return this.#bytes.readInt8(this.#at++)
  }

  length(): number {
    return Number(this.long())
  }

  long(): number | bigint {
    const start = this.#at
    let sum = 0
    for (let factor = 1; factor < 2 ** 49; factor *= 128) {
      const byte = this.#bytes[this.#at++] ?? 0
      sum += (byte & 0x7f) * factor
      if (byte < 0x80) return sum % 2 === 0 ? sum / 2 : (sum + 1) / -2
    }
    this.#decoder.offset = start
    const long = BigInt(this.#decoder.readVarLong().toString())
    this.#at = this.#decoder.offset
    return long
  }

  bytes(): Buffer | null {
    const length = this.length()
    if (length < 0) return null
    const start = this.#at
    this.#at += length
    return this.#bytes.subarray(start, this.#at)
  }
}
