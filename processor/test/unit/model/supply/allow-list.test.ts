import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowedPath, allowedTransport, allowedUri, folderOf } from '../../../../src/model/supply/allow-list.ts'

const refused = expect.objectContaining({ code: 'VAL_MODEL_URI_REFUSED' })

describe('allowedUri', () => {
  const prefixes = ['https://models.test/team', 's3://bucket/a/', 'no address']

  it.each([
    'https://models.test/team',
    'https://models.test/team/model.json',
    'https://models.test/team/x/../model.json',
    's3://bucket/a/model.json',
  ])('lets %s pass', (uri) => expect(() => allowedUri(new URL(uri), prefixes)).not.toThrow())

  it.each([
    ['a name that only begins so', 'https://models.test/team-b/model.json'],
    ['a path that leads out', 'https://models.test/team/../other/model.json'],
    ['encoded dots that lead out', 'https://models.test/team/%2e%2e/other/model.json'],
    ['another host', 'https://models.test.evil/team/model.json'],
    ['another port', 'https://models.test:8443/team/model.json'],
    ['another scheme', 'http://models.test/team/model.json'],
    ['the folder of a prefix that ends in a slash', 's3://bucket/a'],
    ['an encoded slash', 'https://models.test/team/..%2fother'],
    ['an encoded backslash', 'https://models.test/team/..%5Cother'],
  ])('refuses %s', (_, uri) => expect(() => allowedUri(new URL(uri), prefixes)).toThrow(refused))

  it('names no secret of the refused URI', () => {
    const word = 'hunter2'
    const refusing = () => allowedUri(new URL(`https://user:${word}@other.test/model.json`), prefixes)
    expect(refusing).toThrow(refused)
    expect(refusing).not.toThrow(/hunter2/)
  })
})

describe('allowedTransport', () => {
  it.each(['https://models.test/m', 'http://localhost/m', 'http://127.8.9.1:80/m', 'http://[::1]/m', 's3://bucket/m'])(
    'lets %s pass',
    (uri) => expect(() => allowedTransport(new URL(uri), [])).not.toThrow(),
  )

  it.each(['http://models.test/m', 'http://127.0.0.1.evil.test/m', 'http://localhost.evil.test/m'])(
    'refuses %s',
    (uri) => expect(() => allowedTransport(new URL(uri), ['https://models.test/'])).toThrow(refused),
  )

  it('lets plain http pass under a prefix that says http itself', () => {
    expect(() => allowedTransport(new URL('http://models.test/m'), ['http://models.test/'])).not.toThrow()
  })
})

describe('folderOf', () => {
  it.each([
    ['https://models.test/a/model.json?v=1#x', 'https://models.test/a/'],
    ['s3://bucket/a/model.json', 's3://bucket/a/'],
    ['file:///models/a/', 'file:///models/a/'],
  ])('of %s is %s', (uri, folder) => expect(folderOf(new URL(uri))).toBe(folder))

  it('refuses a URI that lies in none', () => expect(() => folderOf(new URL('data:,x'))).toThrow(refused))
})

describe('allowedPath', () => {
  let root = ''
  beforeAll(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'valence-allow-')))
    for (const folder of ['models', 'models-b']) await mkdir(join(root, folder))
    for (const name of ['models/model.json', 'models-b/model.json']) await writeFile(join(root, name), '{}')
    await symlink(join(root, 'models-b/model.json'), join(root, 'models/out.json'))
    await symlink(join(root, 'models'), join(root, 'link'))
  })
  afterAll(() => rm(root, { recursive: true, force: true }))
  const allowed = (path: string, folders: readonly string[] = ['models']) =>
    allowedPath(
      join(root, path),
      folders.map((folder) => join(root, folder)),
    )

  it('is the real path of a file in one of the folders', async () => {
    expect(await allowed('models/model.json')).toBe(join(root, 'models/model.json'))
    expect(await allowed('link/model.json', ['gone', 'link'])).toBe(join(root, 'models/model.json'))
  })

  it.each(['models-b/model.json', 'models/../models-b/model.json', 'models/out.json'])('refuses %s', (path) =>
    expect(allowed(path)).rejects.toThrow(refused),
  )

  it('says that a file is missing where it is', () =>
    expect(allowed('models/none.json')).rejects.toMatchObject({ code: 'VAL_MODEL_MISSING' }))
})
