import { promisify } from 'node:util'
import { gunzip, gzip as gzipCompress, zstdCompress, zstdDecompress } from 'node:zlib'
import { compressFrame, decompressFrame } from 'lz4-napi'
import { compress as snappyCompress, uncompress as snappyUncompress } from 'snappy'
import { DecompressionLimitError, unpackBounded } from './decompression-limit.ts'
import { lz4SizeBound, snappySize } from './unpacked-size.ts'

/** The codec numbers of the record batch format. */
export const compressionTypes = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

/** A codec by name. */
export type CompressionName = keyof typeof compressionTypes

/** kafkajs's codec interface: compresses an encoder's bytes and decompresses a buffer. */
export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(buffer: Buffer): Promise<Buffer>
}

type Inflate = (buffer: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

/** Decompresses with Node's zlib, which stops at `maxOutputLength`. */
function inflateBounded(inflate: Inflate, buffer: Buffer): Promise<Buffer> {
  return unpackBounded(async (maxOutputLength) => {
    try {
      return await inflate(buffer, { maxOutputLength })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new DecompressionLimitError()
      throw error
    }
  })
}

/** For decoders without an output limit: checks the known or computed output size before decompression. */
function unpackKnown(size: number, unpack: () => Promise<Buffer>): Promise<Buffer> {
  return unpackBounded(async (maxBytes) => {
    if (size > maxBytes) throw new DecompressionLimitError()
    return unpack()
  })
}

const gzip: Codec = {
  compress: ({ buffer }) => promisify(gzipCompress)(buffer),
  decompress: (buffer) => inflateBounded(promisify(gunzip) as Inflate, buffer),
}

const zstd: Codec = {
  compress: ({ buffer }) => promisify(zstdCompress)(buffer),
  decompress: (buffer) => inflateBounded(promisify(zstdDecompress) as Inflate, buffer),
}

const lz4: Codec = {
  compress: ({ buffer }) => compressFrame(buffer),
  decompress: (buffer) => unpackKnown(lz4SizeBound(buffer), () => decompressFrame(buffer)),
}

// Java producers use Xerial's snappy stream: a 16-byte header, then blocks of an int32 length and raw snappy.
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const xerialHeaderBytes = 16

function xerialBlocks(buffer: Buffer): Buffer[] {
  const blocks: Buffer[] = []
  for (let at = xerialHeaderBytes; at < buffer.length; ) {
    const size = buffer.readUInt32BE(at)
    at += 4
    blocks.push(buffer.subarray(at, at + size))
    at += size
  }
  return blocks
}

const snappy: Codec = {
  compress: ({ buffer }) => snappyCompress(buffer),
  decompress: (buffer) => {
    const isFramed = buffer.subarray(0, xerialMagic.length).equals(xerialMagic)
    const blocks = isFramed ? xerialBlocks(buffer) : [buffer]
    const size = blocks.reduce((sum, block) => sum + snappySize(block), 0)
    return unpackKnown(size, async () => {
      const parts = await Promise.all(blocks.map((block) => snappyUncompress(block) as Promise<Buffer>))
      return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
    })
  },
}

/**
 * The codecs in the form of kafkajs's table: a factory by codec number. kafkajs itself has only gzip, without a limit
 * of the decompressed size.
 */
export const codecs: Readonly<Record<number, () => Codec>> = {
  [compressionTypes.gzip]: () => gzip,
  [compressionTypes.snappy]: () => snappy,
  [compressionTypes.lz4]: () => lz4,
  [compressionTypes.zstd]: () => zstd,
}
