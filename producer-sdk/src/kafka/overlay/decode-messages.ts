import { type DecompressionBudget, decompressionLimit, withinBudget } from '../decompression-limit.ts'
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
const attributesOffset = 21
const codecMask = 7
const recordCountOffset = 57
/** A record is an object with headers and views, however few bytes it came in. */
const leastRecordBytes = 128
const tooLarge = Symbol('too large')

/** In the place of a partition's records: the batch that comes next unpacks to more than the limit. */
export interface OversizedRecords extends Array<unknown> {
  readonly limitBytes?: number
}

/**
 * Hunk J: the records of one partition in a fetch response. Stock kafkajs spreads each batch into the arguments of one
 * `push`, which overflows the stack on batches of about 100,000 records.
 *
 * Hunk M: what they unpack to is bounded. Where the bound is reached behind the first batch, the rest comes with the next
 * fetch; where the first batch alone exceeds it, the result is empty and says so.
 */
export function createDecodeMessages({ Decoder, decodeRecordBatch, decodeMessageSet }: DecoderInternals) {
  return async (response: Decoder): Promise<OversizedRecords> => {
    const size = response.readInt32()
    if (size <= 0 || !response.canReadBytes(size)) return []
    const buffer = response.readBytes(size)
    const decoder = new Decoder(buffer)
    if (buffer.readInt8(magicOffset) !== batchMagic) return decodeMessageSet(decoder, size)
    return decodeBatches(decoder, buffer)
  }

  async function decodeBatches(decoder: Decoder, buffer: Buffer): Promise<OversizedRecords> {
    const records: FetchedRecord[] = []
    const limitBytes = decompressionLimit()
    const budget: DecompressionBudget = { leftBytes: limitBytes }
    for (let isFirst = true; decoder.canReadBytes(batchPrefixBytes); isFirst = false) {
      const batch = await decodeWithin(budget, decoder, buffer).catch(unlessTooLarge).catch(unlessCutOff)
      if (batch === tooLarge && isFirst) return Object.assign([], { limitBytes })
      if (batch === undefined || batch === tooLarge) break
      for (const record of batch.records) records.push(record)
    }
    return records
  }

  async function decodeWithin(budget: DecompressionBudget, decoder: Decoder, buffer: Buffer) {
    const count = compressedRecords(buffer.subarray(decoder.offset))
    const leftBytes = budget.leftBytes - count * leastRecordBytes
    if (leftBytes < 0) return tooLarge
    if (count === 0) return decodeRecordBatch(decoder)
    const batch = await withinBudget(budget, () => decodeRecordBatch(decoder))
    budget.leftBytes = Math.min(budget.leftBytes, leftBytes)
    return batch
  }
}

/** Where records come as they are, the broker has bounded them. */
function compressedRecords(batch: Buffer): number {
  if (batch.length < recordCountOffset + 4) return 0
  return (batch.readInt16BE(attributesOffset) & codecMask) === 0 ? 0 : batch.readInt32BE(recordCountOffset)
}

function unlessTooLarge(error: unknown): typeof tooLarge {
  if (error instanceof Error && error.name === 'DecompressionLimitError') return tooLarge
  throw error
}

/** A fetch ends at a number of bytes, usually in the middle of a batch; the rest comes with the next one. */
function unlessCutOff(error: unknown): undefined {
  if (error instanceof Error && error.name === 'KafkaJSPartialMessageError') return undefined
  throw error
}
