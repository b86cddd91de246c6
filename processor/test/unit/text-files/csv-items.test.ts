import { collect } from '@valence/testing/processes/cli-run'
import { describe, expect, it } from 'vitest'
import { readCsvItems } from '../../../src/text-files/csv-items.ts'
import type { TextItem } from '../../../src/text-files/text-line.ts'

async function* chunked(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** As a file is read: the end is known some time after the last bytes. */
async function* endingLate(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
  await new Promise(setImmediate)
}

async function read(content: string | Buffer, size = 5): Promise<TextItem[]> {
  return (await collect(readCsvItems(chunked(Buffer.from(content), size)))).flat()
}

describe('readCsvItems', () => {
  it('names the fields of a row by the header', async () => {
    expect(await read('id,text,label\n1,fine,positive\n2,"bad, really",negative\n')).toEqual([
      { line: 2, end: 30, fields: { id: '1', text: 'fine', label: 'positive' } },
      { line: 3, end: 55, fields: { id: '2', text: 'bad, really', label: 'negative' } },
    ])
  })

  it('reads quotes, line feeds in quotes, and Windows line ends', async () => {
    expect(await read('text,id\r\n"two\nlines",1\r\n"a ""word""",2\r\n')).toEqual([
      { line: 3, end: 24, fields: { text: 'two\nlines', id: '1' } },
      { line: 4, end: 40, fields: { text: 'a "word"', id: '2' } },
    ])
  })

  it.each([1, 2, 3, 7, 1_000])('reads characters that chunks of %i bytes cut in two', async (size) => {
    const [item] = await read('\uFEFF text \ncaf\u00e9 \u{1F600}\n', size)
    expect(item?.fields).toEqual({ text: 'caf\u00e9 \u{1F600}' })
  })

  it('reports a malformed row in its place and goes on', async () => {
    const items = await read('text,id\nfine,1\ntoo,many,fields\nlast,3\n')
    expect(items.map(({ line, fields, error }) => [line, fields?.text ?? error?.code])).toEqual([
      [2, 'fine'],
      [3, 'VAL_RECORD_INVALID'],
      [4, 'last'],
    ])
  })

  it('reports a row that is no UTF-8 instead of replacing its letters', async () => {
    const bytes = Buffer.concat([Buffer.from('text\n'), Buffer.from([0x63, 0xe9, 0x0a]), Buffer.from('ok\n')])
    const items = await read(bytes)
    expect(items[0]?.error).toMatchObject({ code: 'VAL_RECORD_NOT_UTF8' })
    expect(items[1]?.fields).toEqual({ text: 'ok' })
  })

  it('reports a quote that is never closed', async () => {
    const items = await read('text\nfine\n"never closed\nmore\n')
    expect(items[0]?.fields).toEqual({ text: 'fine' })
    expect(items.at(-1)?.error).toMatchObject({ code: 'VAL_RECORD_INVALID' })
  })

  it('takes a stray quote in an unquoted field for what it is', async () => {
    const items = await read('text,id\nthe "best" one,1\n{"text":2},3\n')
    expect(items.map(({ fields }) => fields?.text)).toEqual(['the "best" one', '{"text":2}'])
  })

  it('passes over empty lines', async () => {
    expect((await read('text\n\nfine\n\n')).map(({ fields }) => fields?.text)).toEqual(['fine'])
  })

  it('refuses a header without the column of the key', async () => {
    const reading = collect(readCsvItems(chunked(Buffer.from('id,text\n1,fine\n'), 5), 'nokey'))
    await expect(reading).rejects.toThrow('the header has no column "nokey", only id, text')
  })

  it.each(['text,id,text', 'id,text,id'])('refuses the header %s: one column twice', async (header) => {
    await expect(read(`${header}\n1,2,3\n`)).rejects.toMatchObject({ code: 'VAL_USAGE_INVALID' })
  })

  it('lets columns that nobody reads have one name', async () => {
    expect((await read('text,x,x\nfine,1,2\n'))[0]?.fields?.text).toBe('fine')
  })

  it('refuses a header without the column text', async () => {
    await expect(read('id,body\n1,fine\n')).rejects.toMatchObject({
      code: 'VAL_USAGE_INVALID',
      message: expect.stringContaining('id, body'),
    })
  })

  it('refuses it where the end of the file is known later, too', async () => {
    const reading = collect(readCsvItems(endingLate(Buffer.from('id,body\n1,fine\n'))))
    await expect(reading).rejects.toMatchObject({ code: 'VAL_USAGE_INVALID' })
  })

  it('gives nothing for an empty file', async () => {
    expect(await read('')).toEqual([])
    expect(await read('text\n')).toEqual([])
  })
})
