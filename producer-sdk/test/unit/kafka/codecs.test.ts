import { randomBytes } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { compressFrameSync } from 'lz4-napi'
import { compressSync } from 'snappy'
import { describe, expect, it } from 'vitest'
import { codecs, compressionTypes } from '../../../src/kafka/codecs.ts'

const names = ['snappy', 'lz4', 'zstd'] as const

function codec(name: (typeof names)[number]) {
  const create = codecs[compressionTypes[name]]
  if (!create) throw new Error(`no codec ${name}`)
  return create()
}

const payloads = {
  empty: Buffer.alloc(0),
  text: Buffer.from('I love it. '.repeat(10_000)),
  noise: randomBytes(300_000),
}

describe.each(names)('the %s codec', (name) => {
  it.each(Object.entries(payloads))('restores %s', async (_kind, buffer) => {
    const compressed = await codec(name).compress({ buffer })
    expect((await codec(name).decompress(compressed)).equals(buffer)).toBe(true)
  })

  it('makes text smaller', async () => {
    expect((await codec(name).compress({ buffer: payloads.text })).length).toBeLessThan(payloads.text.length / 5)
  })

  it('rejects what it did not write', async () => {
    await expect(codec(name).decompress(Buffer.from('not compressed at all'))).rejects.toThrow()
  })
})

describe('codecs', () => {
  it('have the numbers of the record batch format', () => {
    expect(compressionTypes).toEqual({ none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 })
  })

  it('write what other implementations of the formats read', async () => {
    const { text } = payloads
    expect(await codec('zstd').decompress(zstdCompressSync(text))).toEqual(text)
    expect(await codec('lz4').decompress(compressFrameSync(text))).toEqual(text)
    // LZ4's frame magic; Kafka reads frames only.
    expect((await codec('lz4').compress({ buffer: text })).readUInt32LE(0)).toBe(0x184d2204)
  })

  it("read snappy as Java's producers write it, in Xerial's blocks", async () => {
    const blocks = [Buffer.from('first '), Buffer.from('second '), Buffer.from('third')]
    const framed = blocks.flatMap((block) => {
      const compressed = compressSync(block)
      const length = Buffer.alloc(4)
      length.writeInt32BE(compressed.length)
      return [length, compressed]
    })
    const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
    expect(String(await codec('snappy').decompress(Buffer.concat([header, ...framed])))).toBe('first second third')
  })
})
