import { gzipSync, zstdCompressSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { codecs, compressionTypes } from '../../../src/kafka/codecs.ts'
import {
  DecompressionLimitError,
  decompressionLimit,
  setDecompressionLimit,
  withinBudget,
} from '../../../src/kafka/decompression-limit.ts'

const stockLimit = decompressionLimit()
const limit = 100_000
const bomb = Buffer.alloc(limit + 1)
const fits = Buffer.alloc(limit)

const compressors: Readonly<Record<number, (bytes: Buffer) => Buffer>> = {
  [compressionTypes.gzip]: (bytes) => gzipSync(bytes),
  [compressionTypes.snappy]: (bytes) => compressSync(bytes),
  [compressionTypes.lz4]: (bytes) => compressFrameSync(bytes),
  [compressionTypes.zstd]: (bytes) => zstdCompressSync(bytes),
}

describe.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s', (name) => {
  const type = compressionTypes[name]
  const decompress = (bytes: Buffer) => codecs[type]?.().decompress(compressors[type]?.(bytes) as Buffer)

  beforeEach(() => setDecompressionLimit(limit))
  afterEach(() => setDecompressionLimit(stockLimit))

  it('unpacks what fits and refuses the rest', async () => {
    // LZ4 is judged by its blocks, so what fits only just may be refused.
    expect(await decompress(fits.subarray(0, 60_000))).toHaveLength(60_000)
    await expect(decompress(Buffer.alloc(3 * limit))).rejects.toBeInstanceOf(DecompressionLimitError)
  })

  it('refuses what is beyond the budget of the fetch, and charges what came before', async () => {
    const budget = { leftBytes: limit - 1 }
    await withinBudget(budget, async () => {
      expect(await decompress(Buffer.alloc(30_000))).toHaveLength(30_000)
      expect(budget.leftBytes).toBe(limit - 30_001)
      await expect(decompress(bomb)).rejects.toBeInstanceOf(DecompressionLimitError)
    })
  })
})

it('every codec of the format is ours', () => {
  expect(Object.keys(codecs)).toEqual(['1', '2', '3', '4'])
})
