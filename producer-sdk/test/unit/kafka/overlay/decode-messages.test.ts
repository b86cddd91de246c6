import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { codecs, compressionTypes } from '../../../../src/kafka/codecs.ts'
import { chargeBudget, decompressionLimit, setDecompressionLimit } from '../../../../src/kafka/decompression-limit.ts'
import { createDecodeMessages, type DecoderInternals } from '../../../../src/kafka/overlay/decode-messages.ts'
import { holdingInto, type RecordHold, recordMemory } from '../../../../src/kafka/record-memory.ts'
import { stockModule } from '../../../support/stock-kafkajs.ts'

interface Encoder {
  readonly buffer: Buffer
}

const Decoder = stockModule<DecoderInternals['Decoder']>('protocol/decoder.js')
const { RecordBatch } = stockModule<{ RecordBatch: (options: object) => Promise<Encoder> }>(
  'protocol/recordBatch/v0/index.js',
)
const createRecord = stockModule<(options: object) => Encoder>('protocol/recordBatch/record/v0/index.js')
const stockDecode = stockModule<(decoder: object) => Promise<unknown[]>>('protocol/requests/fetch/v4/decodeMessages.js')
const stockBatchDecode = stockModule<DecoderInternals['decodeRecordBatch']>('protocol/recordBatch/v0/decoder.js')
const decodeMessageSet = vi.fn(() => ['old format'])

const decode = createDecodeMessages({
  Decoder,
  decodeRecordBatch: stockBatchDecode,
  decodeMessageSet,
})

async function batch(count: number, valueBytes = 0, compression = 0): Promise<Buffer> {
  const records = Array.from({ length: count }, (_, offsetDelta) =>
    createRecord({ key: null, value: String(offsetDelta).padEnd(valueBytes), offsetDelta, timestampDelta: 0 }),
  )
  const options = {
    records,
    compression,
    firstTimestamp: 1,
    maxTimestamp: 1,
    firstSequence: 0,
    lastOffsetDelta: count - 1,
  }
  return (await RecordBatch(options)).buffer
}

/** As in a fetch response: the size, then the batches. */
function response(...batches: Buffer[]) {
  const body = Buffer.concat(batches)
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  return new Decoder(Buffer.concat([size, body]))
}

describe('createDecodeMessages', () => {
  it('decodes all batches of a partition', async () => {
    expect(await decode(response(await batch(3), await batch(2)))).toHaveLength(5)
  })

  it('J: decodes a batch of 150,000 records, on which stock kafkajs overflows the stack', async () => {
    const huge = await batch(150_000)
    await expect(stockDecode(response(huge))).rejects.toThrow(RangeError)
    expect(await decode(response(huge))).toHaveLength(150_000)
  })

  describe('M: within a limit', () => {
    const stockLimit = decompressionLimit()
    const { zstd } = compressionTypes
    Object.assign(stockModule<{ Codecs: object }>('protocol/message/compression/index.js').Codecs, codecs)
    beforeEach(() => setDecompressionLimit(10_000))
    afterEach(() => setDecompressionLimit(stockLimit))

    it('says that the first batch unpacks to too much, and unpacks none of it', async () => {
      const bomb = await batch(1, 20_000, zstd)
      expect(bomb.length).toBeLessThan(200)
      expect(await decode(response(bomb, await batch(2)))).toMatchObject({ length: 0, limitBytes: 10_000 })
    })

    it('leaves the rest to the next fetch where only all together are too much', async () => {
      const half = await batch(1, 6_000, zstd)
      const records = await decode(response(half, half, half))
      expect(records).toHaveLength(1)
      expect(records).not.toHaveProperty('limitBytes')
    })

    it('counts records that are nearly nothing', async () => {
      expect(await decode(response(await batch(100, 0, zstd)))).toMatchObject({ limitBytes: 10_000 })
      expect(await decode(response(await batch(70, 0, zstd)))).toHaveLength(70)
    })

    it('counts what is made of the records of a compressed batch, and only of such', async () => {
      const charging = createDecodeMessages({
        Decoder,
        decodeRecordBatch: async (decoder) => {
          chargeBudget(20_000)
          return stockBatchDecode(decoder)
        },
        decodeMessageSet,
      })
      expect(await charging(response(await batch(1, 0, zstd)))).toMatchObject({ length: 0, limitBytes: 10_000 })
      expect(await charging(response(await batch(1)))).toHaveLength(1)
    })

    it('is not for what comes as it is', async () => {
      expect(await decode(response(await batch(1_000), await batch(1, 20_000)))).toHaveLength(1_001)
    })
  })

  describe('Q: within the memory of the process', () => {
    const { zstd } = compressionTypes
    const stockMemory = recordMemory.maxBytes
    const holds: RecordHold[] = []
    const fetched = (...batches: Buffer[]) => holdingInto(holds, () => decode(response(...batches)))
    // A share is 40 kB, and large batches have 80 kB.
    beforeEach(() => {
      recordMemory.maxBytes = 160_000
    })
    afterEach(() => {
      for (const hold of holds.splice(0)) hold.release()
      recordMemory.maxBytes = stockMemory
    })

    it('holds what records unpack to, and 512 bytes for each', async () => {
      await fetched(await batch(10, 1_000, zstd), await batch(2, 100))
      expect(recordMemory.heldBytes).toBeGreaterThan(10 * 1_512)
      expect(recordMemory.heldBytes).toBeLessThan(10 * 1_600 + 2 * 800)
      holds[0]?.release()
      expect(recordMemory.heldBytes).toBe(0)
    })

    it.each(['compressed', 'plain'])('leaves to the next fetch what exceeds a share: %s', async (kind) => {
      const part = await batch(10, 1_000, kind === 'plain' ? 0 : zstd)
      expect(await fetched(part, part, part)).toHaveLength(20)
    })

    it('reads a batch larger than a share while there is room, even one larger than everything', async () => {
      const [large, huge] = [await batch(1, 50_000, zstd), await batch(1, 1_000_000, zstd)]
      expect(await fetched(large)).toHaveLength(1)
      expect(await fetched(large)).toMatchObject({ length: 0, waits: true })
      expect(await fetched(huge)).toMatchObject({ length: 0, waits: true })
      expect(await fetched(await batch(10, 1_000, zstd))).toHaveLength(10)
      for (const hold of holds.splice(0)) hold.release()
      expect(await fetched(huge)).toHaveLength(1)
      expect(await fetched(large)).toMatchObject({ waits: true })
      expect(await fetched(await batch(1, 50_000))).toMatchObject({ waits: true })
    })

    it('never holds more than its limit, whatever is fetched at once', async () => {
      const bomb = await batch(1, 30_000, zstd)
      recordMemory.report(holds, 24, Date.now())
      const all = await Promise.all(Array.from({ length: 24 }, () => fetched(bomb, bomb)))
      expect(all.filter(({ length }) => length > 0)).toHaveLength(2)
      expect(recordMemory.heldBytes).toBeLessThan(80_000)
      recordMemory.report(holds, 0, Date.now())
    })

    it('still says of a batch that it is larger than may be', async () => {
      const stockLimit = decompressionLimit()
      setDecompressionLimit(60_000)
      expect(await fetched(await batch(1, 70_000, zstd))).toMatchObject({ limitBytes: 60_000 })
      setDecompressionLimit(stockLimit)
    })

    it('keeps of a response the bytes of one partition only', async () => {
      const one = await batch(1, 20_000)
      const body = Buffer.alloc(4 + one.length + 500_000)
      body.writeInt32BE(one.length)
      one.copy(body, 4)
      const [record] = (await decode(new Decoder(body))) as { value: Buffer }[]
      expect(record?.value.buffer.byteLength).toBeLessThan(25_000)
    })
  })

  it.each([1, 20, 40, 70])('leaves out a batch of which only %i bytes came', async (bytes) => {
    const [whole, next] = [await batch(3), await batch(2)]
    expect(await decode(response(whole, next.subarray(0, bytes)))).toHaveLength(3)
  })

  it('gives nothing for nothing', async () => {
    expect(await decode(response())).toEqual([])
  })

  it('leaves the old format to kafkajs', async () => {
    const old = Buffer.alloc(40)
    old.writeInt8(1, 16)
    expect(await decode(response(old))).toEqual(['old format'])
  })

  it('does not hide a batch that cannot be decoded', async () => {
    const broken = await batch(3)
    broken.writeInt16BE(4, 21)
    await expect(decode(response(broken))).rejects.toThrow()
  })
})
