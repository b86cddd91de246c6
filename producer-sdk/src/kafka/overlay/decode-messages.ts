import type { FetchedRecord } from './aborted-records.ts'

interface Decoder {
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

/**
 * Hunk J: the records of one partition in a fetch response. Stock kafkajs spreads each batch into the arguments of one
 * `push`, which overflows the stack on batches of about 100,000 records.
 */
export function createDecodeMessages({ Decoder, decodeRecordBatch, decodeMessageSet }: DecoderInternals) {
  return async (response: Decoder): Promise<unknown[]> => {
    const size = response.readInt32()
    if (size <= 0 || !response.canReadBytes(size)) return []
    const buffer = response.readBytes(size)
    const decoder = new Decoder(buffer)
    if (buffer.readInt8(magicOffset) !== batchMagic) return decodeMessageSet(decoder, size)
    const records: FetchedRecord[] = []
    while (decoder.canReadBytes(batchPrefixBytes)) {
      const batch = await decodeRecordBatch(decoder).catch(unlessCutOff)
      if (!batch) break
      for (const record of batch.records) records.push(record)
    }
    return records
  }
}

/** A fetch ends at a number of bytes, usually in the middle of a batch; the rest comes with the next one. */
function unlessCutOff(error: unknown): undefined {
  if (error instanceof Error && error.name === 'KafkaJSPartialMessageError') return undefined
  throw error
}
