import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DemoRecord, readDemoInput } from '../../../../local/demo/demo-input.ts'

let folder: string

async function read(content: string | Buffer): Promise<DemoRecord[]> {
  const path = join(folder, 'input.jsonl')
  await writeFile(path, content)
  const records: DemoRecord[] = []
  for await (const record of readDemoInput(path)) records.push(record)
  return records
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-input-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('the input of the demo', () => {
  it('sends text events the typed way, their label as an attribute', async () => {
    const [record] = await read('{"id":"a","text":"fine","label":"positive","attributes":{"x":"y"}}\n')
    expect(record).toMatchObject({
      kind: 'event',
      event: { id: 'a', text: 'fine', attributes: { x: 'y', label: 'positive' } },
    })
  })

  it('sends anything else untouched', async () => {
    const invalid = Buffer.from([0xc3, 0x28, 0x21])
    const lines = ['{"text": broken', '{"text":""}', 'a bare line', '[1]', '42', '🎉']
    const records = await read(Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), invalid]))
    expect(records.map(({ kind }) => kind)).toEqual(Array.from({ length: 7 }, () => 'raw'))
    expect(records.map((record) => (record.kind === 'raw' ? record.bytes : undefined))).toEqual([
      ...lines.map((line) => Buffer.from(line)),
      invalid,
    ])
  })

  it('skips blank lines only, and needs no newline at the end', async () => {
    expect(await read('\none\n\n\r\n \ntwo')).toHaveLength(3)
    expect(await read('')).toEqual([])
  })

  it('joins lines that are longer than what is read at once', async () => {
    const [record] = await read(JSON.stringify({ text: `${'word '.repeat(10_000)}end` }))
    expect(record?.kind === 'event' && record.event.text.endsWith('end')).toBe(true)
  })
})
