import fc from 'fast-check'
import { compressFrame } from 'lz4-napi'
import { compress } from 'snappy'
import { describe, expect, it } from 'vitest'
import { lz4SizeBound, snappySize } from '../../../src/kafka/unpacked-size.ts'

const contents = fc.oneof(
  fc.uint8Array({ maxLength: 5_000 }).map((bytes) => Buffer.from(bytes)),
  fc
    .tuple(fc.integer({ max: 300_000, min: 0 }), fc.integer({ max: 255, min: 0 }))
    .map(([size, byte]) => Buffer.alloc(size, byte)),
)

describe('sizes before unpacking', () => {
  it('snappy says its own', () =>
    fc.assert(
      fc.asyncProperty(contents, async (content) => {
        expect(snappySize(await compress(content))).toBe(content.length)
      }),
      { numRuns: 50 },
    ))

  it('LZ4 never unpacks to more than its bound, with or without checksums', () =>
    fc.assert(
      fc.asyncProperty(contents, fc.boolean(), fc.boolean(), async (content, contentChecksum, blockChecksums) => {
        const frame = await compressFrame(content, { contentChecksum, blockChecksums })
        expect(lz4SizeBound(frame)).toBeGreaterThanOrEqual(content.length)
        expect(lz4SizeBound(Buffer.concat([frame, frame]))).toBe(2 * lz4SizeBound(frame))
      }),
      { numRuns: 50 },
    ))

  it('the bound of LZ4 is near where it matters', async () => {
    const megabyte = 1024 * 1024
    expect(lz4SizeBound(await compressFrame(Buffer.alloc(8 * megabyte)))).toBeLessThan(9 * megabyte)
  })

  it('bytes of another kind count with the highest ratio', () => {
    expect(lz4SizeBound(Buffer.alloc(100, 7))).toBe(25_500)
  })

  it('any bytes get an answer', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(lz4SizeBound(Buffer.from(bytes))).toBeGreaterThanOrEqual(0)
        expect(lz4SizeBound(Buffer.concat([Buffer.of(4, 0x22, 0x4d, 0x18), bytes]))).toBeGreaterThanOrEqual(0)
      }),
    ))
})
