import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test, vi } from 'vitest'
import { cachedFolder, cacheFolder } from '../../../local/package-cache.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const userScript = fileURLToPath(new URL('../../support/cache-user.ts', import.meta.url))

test('lies in the cache folder of the user', () => {
  expect(cacheFolder({ XDG_CACHE_HOME: '/some/cache' })).toBe('/some/cache/valence/local')
  expect(cacheFolder({})).toMatch(/\/\.cache\/valence\/local$/)
})

test('fills a folder once', async () => {
  const cache = join(await temporaryFolder(), 'cache')
  const fill = vi.fn(async (folder: string) => writeFile(join(folder, 'file'), 'content'))
  const first = await cachedFolder('thing', fill, cache)
  expect(await readFile(join(first, 'file'), 'utf8')).toBe('content')
  expect(await cachedFolder('thing', fill, cache)).toBe(first)
  expect(fill).toHaveBeenCalledTimes(1)
})

test('a failed filling is not taken for whole, and the next one starts from nothing', async () => {
  const cache = await temporaryFolder()
  const failing = async (folder: string) => {
    await writeFile(join(folder, 'rest'), '')
    throw new Error('the network is down')
  }
  await expect(cachedFolder('thing', failing, cache)).rejects.toThrow('the network is down')
  expect(existsSync(join(cache, 'thing'))).toBe(false)
  const folder = await cachedFolder('thing', (target) => writeFile(join(target, 'file'), ''), cache)
  expect(await readdir(folder)).toEqual(['file'])
  expect(await readdir(cache)).toEqual(['thing'])
})

test('processes that need it at once download it once, and each gets the whole of it', async () => {
  const cache = await temporaryFolder()
  const journal = join(cache, 'journal')
  const runs = await Promise.all(
    Array.from({ length: 3 }, () => promisify(execFile)(process.execPath, [userScript, cache, journal])),
  )
  for (const { stdout } of runs) expect((await readdir(stdout)).sort()).toEqual(['first', 'second'])
  expect(await readFile(journal, 'utf8')).toBe('filled\n')
})
