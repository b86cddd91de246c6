import { DecompressionLimitError } from './decompression-limit.ts'

/** The declared length of a raw snappy block; the decoder allocates it before it reads the rest. */
export function snappySize(block: Buffer): number {
  let size = 0
  for (let at = 0; at < 5; at += 1) {
    const byte = block[at] ?? 0
    size += (byte & 0x7f) * 2 ** (7 * at)
    if (byte < 0x80) return size
  }
  throw new DecompressionLimitError()
}

const frameMagic = 0x18_4d_22_04
const blockSizes = [0, 0, 0, 0, 64 * 1024, 256 * 1024, 1024 * 1024, 4 * 1024 * 1024]
const [dictionaryFlag, contentChecksumFlag, contentSizeFlag, blockChecksumFlag] = [0x01, 0x04, 0x08, 0x10]
const frameHeaderBytes = 7
const storedFlag = 0x80_00_00_00
const endMark = 0
/** Maximum output bytes per byte of a compressed block. */
const highestRatio = 255

/**
 * Maximum decompressed size of LZ4 frames, computed from their block sizes, because the size in the header is optional
 * and can be wrong. Data that is not a known frame counts with the maximum ratio.
 */
export function lz4SizeBound(bytes: Buffer): number {
  let bound = 0
  let at = 0
  while (at + frameHeaderBytes <= bytes.length && bytes.readUInt32LE(at) === frameMagic) {
    const flags = bytes.readUInt8(at + 4)
    const blockBytes = blockSizes[(bytes.readUInt8(at + 5) >> 4) & 7] ?? 0
    at += frameHeaderBytes + (flags & contentSizeFlag ? 8 : 0) + (flags & dictionaryFlag ? 4 : 0)
    const blocks = boundOfBlocks(bytes, at, { blockBytes, checksumBytes: flags & blockChecksumFlag ? 4 : 0 })
    bound += blocks.bound
    at = blocks.end + (flags & contentChecksumFlag ? 4 : 0)
  }
  return bound + Math.max(0, bytes.length - at) * highestRatio
}

function boundOfBlocks(
  bytes: Buffer,
  start: number,
  { blockBytes, checksumBytes }: { blockBytes: number; checksumBytes: number },
): { bound: number; end: number } {
  let bound = 0
  let at = start
  while (at + 4 <= bytes.length) {
    const head = bytes.readUInt32LE(at)
    at += 4
    if (head === endMark) break
    const size = head % storedFlag
    bound += head >= storedFlag ? size : Math.min(blockBytes, size * highestRatio)
    at += size + checksumBytes
  }
  return { bound, end: at }
}
