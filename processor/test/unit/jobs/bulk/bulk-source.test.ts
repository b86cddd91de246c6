import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type BulkObject, listObjects } from '../../../../src/jobs/bulk/bulk-source.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'valence-bulk-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const list = () => listObjects(folder, undefined)
const only = async (): Promise<BulkObject> => (await list())[0] as BulkObject

async function readAll(object: BulkObject): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of await object.open()) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('listObjects of a folder', () => {
  it('has its files by name, without hidden ones and folders', async () => {
    for (const name of ['b.jsonl', 'a.jsonl', '.hidden']) await writeFile(join(folder, name), name)
    await mkdir(join(folder, 'c.jsonl'))
    expect((await list()).map(({ uri, bytes }) => ({ uri, bytes }))).toEqual(
      ['a.jsonl', 'b.jsonl'].map((name) => ({ uri: pathToFileURL(join(folder, name)).href, bytes: 7 })),
    )
  })

  it('reads what it listed', async () => {
    await writeFile(join(folder, 'a.jsonl'), 'one')
    expect(await readAll(await only())).toBe('one')
  })

  it('has one file where it is given one', async () => {
    const path = join(folder, 'a.jsonl')
    await writeFile(path, 'one')
    expect((await listObjects(path, undefined)).map(({ uri }) => uri)).toEqual([pathToFileURL(path).href])
  })

  it('gives the same content the same fingerprint, and another version another', async () => {
    const path = join(folder, 'a.jsonl')
    await writeFile(path, 'one')
    await utimes(path, 1, 1)
    const { fingerprint } = await only()
    expect((await only()).fingerprint).toBe(fingerprint)
    await utimes(path, 2, 2)
    expect((await only()).fingerprint).not.toBe(fingerprint)
    await writeFile(path, 'longer')
    await utimes(path, 1, 1)
    expect((await only()).fingerprint).not.toBe(fingerprint)
    await writeFile(join(folder, '0.jsonl'), await readFile(path))
    const [copy, original] = await list()
    expect(copy?.fingerprint).not.toBe(original?.fingerprint)
  })

  it('lists a broken link, which fails when it is read', async () => {
    await symlink(join(folder, 'gone'), join(folder, 'a.jsonl'))
    const broken = await only()
    expect(broken.bytes).toBe(0)
    await expect(readAll(broken)).rejects.toThrow('ENOENT')
  })

  it('says that a source which is not there cannot be read', () =>
    expect(listObjects(join(folder, 'gone'), undefined)).rejects.toMatchObject({ code: 'VAL_FILE_UNREADABLE' }))
})
