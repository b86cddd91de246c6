import { collect } from '@valence/testing/processes/cli-run'
import { describe, expect, it } from 'vitest'
import { type ByteLine, maxLineBytes, readByteLines } from '../../../src/text-files/byte-lines.ts'

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function split(bytes: Buffer | string, size = 7): Promise<ByteLine[]> {
  const lines: ByteLine[] = []
  for await (const some of readByteLines(chunked(Buffer.from(bytes), size))) lines.push(...some)
  return lines
}

const texts = (lines: readonly ByteLine[]) => lines.map(({ bytes }) => bytes.toString())

describe('readByteLines', () => {
  it('numbers lines from 1 and keeps empty ones', async () => {
    const lines = await split('one\n\nthree\n')
    expect(texts(lines)).toEqual(['one', '', 'three'])
    expect(lines.map(({ number }) => number)).toEqual([1, 2, 3])
    expect(lines.every(({ whole }) => whole)).toBe(true)
  })

  it('counts a last line without a line feed, but no empty end', async () => {
    expect(texts(await split('one\ntwo'))).toEqual(['one', 'two'])
    expect(texts(await split('one\n'))).toEqual(['one'])
    expect(texts(await split(''))).toEqual([])
    expect(texts(await split('\n'))).toEqual([''])
  })

  it.each([1, 2, 3, 5, 64])('gives the same lines whatever the chunks are (%i bytes)', async (size) => {
    const text = 'caf\u00e9 \u{1F600}\nsecond \u4e2d\u6587\n\nlast'
    expect(texts(await split(text, size))).toEqual(text.split('\n'))
  })

  it('keeps bytes that are no UTF-8, carriage returns and zeros as they are', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x0a, 0x00, 0x0d, 0x0a, 0xc3])
    const lines = await split(bytes, 2)
    expect(lines.map((line) => [...line.bytes])).toEqual([[0xff, 0xfe], [0x00, 0x0d], [0xc3]])
  })

  it('keeps only the beginning of a line beyond the limit, and goes on after it', async () => {
    const long = Buffer.alloc(maxLineBytes + 1, 'x')
    const lines = await split(Buffer.concat([long, Buffer.from('\nnext\n')]), 1 << 20)
    expect(lines.map(({ bytes, whole }) => [bytes.length, whole])).toEqual([
      [maxLineBytes, false],
      [4, true],
    ])
    const [exact] = await split(Buffer.alloc(maxLineBytes, 'x'), 1 << 20)
    expect(exact).toMatchObject({ whole: true })
  })

  it('does not copy lines that lie within a chunk', async () => {
    const chunk = Buffer.from('one\ntwo\n')
    const [lines] = await collect(readByteLines(chunked(chunk, chunk.length)))
    expect(lines?.[0]?.bytes.buffer).toBe(chunk.buffer)
  })

  it.each([1, 3, 100])('tells where in the file each line ends (chunks of %i bytes)', async (size) => {
    const lines = await split('one\n\n\u00e9\nlast', size)
    expect(lines.map(({ end }) => end)).toEqual([4, 5, 8, 12])
  })

  it('hands lines over as soon as their chunk is there', async () => {
    async function* endless(): AsyncGenerator<Buffer> {
      yield Buffer.from('first\nsec')
      await new Promise(() => undefined)
    }
    const { value } = await readByteLines(endless()).next()
    expect(texts(value as ByteLine[])).toEqual(['first'])
  })
})
