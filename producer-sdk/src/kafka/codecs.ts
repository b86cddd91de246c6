import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import { compressFrame, decompressFrame } from 'lz4-napi'
import { compress as snappyCompress, uncompress as snappyUncompress } from 'snappy'

/** The codec numbers of the record batch format. */
export const compressionTypes = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 } as const

export type CompressionName = keyof typeof compressionTypes

/** What kafkajs expects of a codec: an encoder's bytes in, compressed bytes out, and back. */
export interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(buffer: Buffer): Promise<Buffer>
}

const zstd: Codec = {
  compress: ({ buffer }) => promisify(zstdCompress)(buffer),
  decompress: (buffer) => promisify(zstdDecompress)(buffer),
}

const lz4: Codec = {
  compress: ({ buffer }) => compressFrame(buffer),
  decompress: (buffer) => decompressFrame(buffer),
}

// Java producers write snappy as Xerial's stream: a 16-byte header, then blocks of int32 length and raw snappy.
const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const xerialHeaderBytes = 16

async function unframeXerial(buffer: Buffer): Promise<Buffer> {
  const blocks: Promise<Buffer>[] = []
  for (let at = xerialHeaderBytes; at < buffer.length; ) {
    const size = buffer.readInt32BE(at)
    at += 4
    blocks.push(snappyUncompress(buffer.subarray(at, at + size)) as Promise<Buffer>)
    at += size
  }
  return Buffer.concat(await Promise.all(blocks))
}

const snappy: Codec = {
  compress: ({ buffer }) => snappyCompress(buffer),
  decompress: (buffer) =>
    buffer.subarray(0, xerialMagic.length).equals(xerialMagic)
      ? unframeXerial(buffer)
      : (snappyUncompress(buffer) as Promise<Buffer>),
}

/** The codecs that kafkajs leaves out, in the form of its table: by number, each behind a factory. */
export const codecs: Readonly<Record<number, () => Codec>> = {
  [compressionTypes.snappy]: () => snappy,
  [compressionTypes.lz4]: () => lz4,
  [compressionTypes.zstd]: () => zstd,
}
