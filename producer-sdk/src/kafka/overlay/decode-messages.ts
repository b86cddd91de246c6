import { type DecompressionBudget, decompressionLimit, withinBudget } from '../decompression-limit.ts'
import { holdRecords, isCounting, recordMemory } from '../record-memory.ts'
import type { FetchedRecord } from './aborted-records.ts'

interface Decoder {
  readonly offset: number
  readInt32(): number
  canReadBytes(length: number): boolean
  readBytes(length: number): Buffer
}

export interface DecoderInternals {
  readonly Decoder: new (buffer: Buffer) => Decoder
  readonly decodeRecordBatch: (decoder: Decoder) => Promise<{ records: FetchedRecord[] }>
  readonly decodeMessageSet: (decoder: Decoder, size: number) => unknown[]
}

// Both record formats begin with int64 offset, int32 size, four bytes of their own, int8 magic.
const magicOffset = 16
const batchMagic = 2
const batchPrefixBytes = 12
const sizeOffset = 8
const attributesOffset = 21
const codecMask = 7
const recordCountOffset = 57
/** A record is an object with headers and views, however few bytes it came in. */
const leastRecordBytes = 128
/** Memory of a record besides its bytes: the object, its views, its headers, and objects derived by the reader. */
const recordOverheadBytes = 512
const tooLarge = Symbol('too large')
const noRoom = Symbol('no room')

/** Flags on a partition's list of records. */
export interface OversizedRecords extends Array<unknown> {
  /** The next batch decompresses to more than the limit. */
  readonly limitBytes?: number
  /** There is currently no memory for the next batch. */
  readonly waits?: boolean
}

/** Memory limits and usage of one partition in one fetch. */
interface Allowance {
  /** Remaining bytes of the decompression limit. */
  leftBytes: number
  usedBytes: number
}

/**
 * Hunk J: the records of one partition in a fetch response. Stock kafkajs spreads each batch into the arguments of one
 * `push`, which overflows the stack on batches of about 100,000 records. Hunk M: their decompressed size is limited. If
 * the limit is reached after the first batch, the rest is returned by the next fetch; if the first batch alone exceeds
 * it, the result is empty and flagged.
 *
 * Hunk Q: the memory of all partitions together is limited too, see record-memory.ts.
 */
export function createDecodeMessages({ Decoder, decodeRecordBatch, decodeMessageSet }: DecoderInternals) {
  return async (response: Decoder): Promise<OversizedRecords> => {
    const size = response.readInt32()
    if (size <= 0 || !response.canReadBytes(size)) return []
    const buffer = byItself(response.readBytes(size))
    const decoder = new Decoder(buffer)
    if (buffer.readInt8(magicOffset) !== batchMagic) return decodeMessageSet(decoder, size)
    return isCounting() ? recordMemory.inTurn(() => decodeBatches(decoder, buffer)) : decodeBatches(decoder, buffer)
  }

  async function decodeBatches(decoder: Decoder, buffer: Buffer): Promise<OversizedRecords> {
    const records: FetchedRecord[] = []
    const limitBytes = decompressionLimit()
    const allowance: Allowance = { leftBytes: limitBytes, usedBytes: 0 }
    while (decoder.canReadBytes(batchPrefixBytes)) {
      const batch = await decodeWithin(allowance, decoder, buffer).catch(unlessCutOff)
      if (typeof batch === 'symbol' && records.length === 0) return inPlaceOfRecords(batch, limitBytes)
      if (batch === undefined || typeof batch === 'symbol') break
      for (const record of batch.records) records.push(record)
    }
    return counted(records, allowance)
  }

  async function decodeWithin(allowance: Allowance, decoder: Decoder, buffer: Buffer) {
    const { leftBytes, limitBytes, knownBytes, givenBytes } = planReading(buffer.subarray(decoder.offset), allowance)
    if (leftBytes < 0) return tooLarge
    if (givenBytes < 0) return noRoom
    const budget: DecompressionBudget = { leftBytes: givenBytes }
    const batch = await withinBudget(budget, () => decodeRecordBatch(decoder)).catch(unlessTooLarge)
    if (batch === tooLarge) return givenBytes < limitBytes ? noRoom : tooLarge
    const madeBytes = givenBytes - budget.leftBytes
    allowance.leftBytes = Math.min(leftBytes, limitBytes - madeBytes)
    allowance.usedBytes += knownBytes + madeBytes
    return batch
  }
}

/** Header data of a batch, before it is read. */
function planReading(batch: Buffer, allowance: Allowance) {
  const isPacked = isCompressed(batch)
  const count = recordCount(batch)
  const knownBytes = count * recordOverheadBytes + (isPacked ? 0 : batchBytes(batch))
  // The size of uncompressed records is limited by the broker.
  const limitBytes = isPacked ? allowance.leftBytes : Number.MAX_SAFE_INTEGER
  return {
    /** Of the limit of unpacking, behind this batch. */
    leftBytes: allowance.leftBytes - (isPacked ? count * leastRecordBytes : 0),
    limitBytes,
    knownBytes,
    givenBytes: Math.min(limitBytes, roomFor(allowance) - knownBytes),
  }
}

/** The first batch may use the memory for large batches; later batches are then returned by the next fetch. */
function roomFor({ usedBytes }: Allowance): number {
  if (!isCounting()) return Number.POSITIVE_INFINITY
  const { shareBytes, roomForLarge } = recordMemory
  return usedBytes === 0 ? Math.max(shareBytes, roomForLarge) : shareBytes - usedBytes
}

function counted(records: FetchedRecord[], { usedBytes }: Allowance): FetchedRecord[] {
  if (records.length > 0 && isCounting()) holdRecords(records, usedBytes)
  return records
}

function inPlaceOfRecords(why: symbol, limitBytes: number): OversizedRecords {
  return Object.assign([], why === tooLarge ? { limitBytes } : { waits: true })
}

/** Copies the bytes: a view would keep the whole fetch response in memory as long as one record is used. */
function byItself(bytes: Buffer): Buffer {
  if (bytes.length * 2 >= bytes.buffer.byteLength) return bytes
  // Not `Buffer.from`, which takes small ones from a slab that lives as long as any of them.
  const own = Buffer.allocUnsafeSlow(bytes.length)
  bytes.copy(own)
  return own
}

function isCompressed(batch: Buffer): boolean {
  return batch.length >= attributesOffset + 2 && (batch.readInt16BE(attributesOffset) & codecMask) !== 0
}

function recordCount(batch: Buffer): number {
  return batch.length < recordCountOffset + 4 ? 0 : Math.max(0, batch.readInt32BE(recordCountOffset))
}

function batchBytes(batch: Buffer): number {
  return batchPrefixBytes + batch.readInt32BE(sizeOffset)
}

function unlessTooLarge(error: unknown): typeof tooLarge {
  if (error instanceof Error && error.name === 'DecompressionLimitError') return tooLarge
  throw error
}

/** A fetch response usually ends in the middle of a batch; the next fetch returns the whole batch. */
function unlessCutOff(error: unknown): undefined {
  if (error instanceof Error && error.name === 'KafkaJSPartialMessageError') return undefined
  throw error
}
