import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { collect, probeCli } from '@valence/testing/processes/cli-run'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FileFormat, openInput, readItems } from '../../../src/text-files/input-file.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'valence input '))
})
afterAll(() => rm(folder, { recursive: true }))

async function writeInput(name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

async function readTexts(path: string, format: FileFormat = 'auto'): Promise<unknown[]> {
  const file = await openInput(path, probeCli().context)
  const items = (await collect(readItems(path, file, format))).flat()
  return items.map(({ fields, error }) => fields?.text ?? error?.code)
}

describe('openInput', () => {
  it('tells how much there is', async () => {
    const file = await openInput(await writeInput('size.txt', 'one\ntwo\n'), probeCli().context)
    expect(file.totalBytes).toBe(8)
    expect(Buffer.concat(await collect(file.chunks)).toString()).toBe('one\ntwo\n')
  })

  it('reads standard input, whose size is not known', async () => {
    const file = await openInput('-', probeCli({ stdin: 'one\n' }).context)
    expect(file.totalBytes).toBeUndefined()
    expect(Buffer.concat(await collect(file.chunks)).toString()).toBe('one\n')
  })

  it.each(['no-such-file', '.'])('names a file that cannot be read (%s)', async (name) => {
    const path = join(folder, name)
    const reading = async () => collect((await openInput(path, probeCli().context)).chunks)
    await expect(reading()).rejects.toMatchObject({ code: 'VAL_FILE_UNREADABLE', detail: path })
  })

  it('ends without an error when the command is told to stop, even while nothing comes', async () => {
    const { context, stop } = probeCli({ stdin: new PassThrough() })
    const file = await openInput('-', context)
    const reading = collect(file.chunks)
    stop()
    expect(await reading).toEqual([])
  })

  it('reads no more of a file once the command is told to stop', async () => {
    const { context, stop } = probeCli({ stdin: Readable.from(['a\n', 'b\n', 'c\n']) })
    const file = await openInput('-', context)
    const chunks: string[] = []
    for await (const chunk of file.chunks) {
      chunks.push(String(chunk))
      stop()
    }
    expect(chunks).toEqual(['a\n'])
  })
})

describe('readItems', () => {
  it('takes the format from the name of the file, then from each line', async () => {
    expect(await readTexts(await writeInput('a.csv', 'text\n{"text":"x"}\n'))).toEqual(['{"text":"x"}'])
    expect(await readTexts(await writeInput('a.CSV', 'text\nfine\n'))).toEqual(['fine'])
    expect(await readTexts(await writeInput('a.jsonl', '{"text":"x"}\nbare\n'))).toEqual(['x', 'bare'])
  })

  it('does as it is told where a format is given', async () => {
    const path = await writeInput('b.csv', 'text\n{"text":"x"}\n')
    expect(await readTexts(path, 'text')).toEqual(['text', '{"text":"x"}'])
    expect(await readTexts(path, 'json')).toEqual(['VAL_RECORD_JSON_INVALID', 'x'])
    expect(await readTexts(await writeInput('b.txt', 'text\nfine\n'), 'csv')).toEqual(['fine'])
  })
})

describe('the field that becomes the key', () => {
  async function readKeyed(name: string, content: string): Promise<unknown[]> {
    const path = await writeInput(name, content)
    const items = await collect(readItems(path, await openInput(path, probeCli().context), 'auto', 'user'))
    return items.flat().map(({ fields, error }) => fields?.user ?? error?.message)
  }

  it('is missing in a line: the line is rejected, the others are taken', async () => {
    const lines = [
      '{"text":"a","user":"u1"}',
      '{"text":"b"}',
      '{"text":"c","user":""}',
      'bare',
      '{"text":"d","user":7}',
    ]
    const rejected = expect.stringContaining('no field user for the key')
    expect(await readKeyed('keys.jsonl', lines.join('\n'))).toEqual(['u1', rejected, rejected, rejected, 7])
  })

  it('is empty in a row: the row is rejected', async () => {
    const rejected = expect.stringContaining('no field user for the key')
    expect(await readKeyed('keys.csv', 'text,user\na,u1\nb,\n')).toEqual(['u1', rejected])
  })

  it('is no column: nothing is read', async () => {
    await expect(readKeyed('nokeys.csv', 'text,id\na,1\n')).rejects.toMatchObject({ code: 'VAL_USAGE_INVALID' })
  })
})
