import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SupplyBench, unhurried } from '@valence/testing/models/supply-bench'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { digestOf, ModelStore } from '../../../../src/model/supply/model-store.ts'

let bench: SupplyBench
beforeEach(async () => {
  bench = await SupplyBench.open()
})
afterEach(() => bench.close())

/** Brings in a version of the tiny model that was last used so long ago. */
async function bringIn(version: string, agedMs = 0): Promise<string> {
  const manifest = { ...bench.model.manifest, version }
  bench.registry.files.set('model.json', Buffer.from(JSON.stringify(manifest)))
  const { digest, folder } = await (await bench.supply()).pull(unhurried())
  const time = new Date(Date.now() - agedMs)
  await utimes(folder, time, time)
  return digest
}

const hour = 3_600_000

describe('the store', () => {
  test('lists what it holds, the last used first', async () => {
    await bringIn('1', 2 * hour)
    await bringIn('2', 3 * hour)
    const third = await bringIn('3', 4 * hour)
    await bench.store.touch(third)
    expect((await bench.store.list()).map(({ manifest }) => manifest.version)).toEqual(['3', '1', '2'])
  })

  test('is empty before anything came in', async () => {
    expect(await new ModelStore(join(bench.store.folder, 'nowhere')).list()).toEqual([])
  })

  test('keeps the files of several models once', async () => {
    await bringIn('1')
    await bringIn('2')
    expect(await readdir(join(bench.store.folder, 'blobs'))).toHaveLength(2)
    expect(bench.registry.requests.filter((request) => request.endsWith('.onnx'))).toHaveLength(1)
  })

  test('lets go of models beyond the last used ones, but of none that was used lately', async () => {
    await bringIn('old', 30 * hour)
    await bringIn('older', 40 * hour)
    await bringIn('recent', hour)
    await bringIn('new')
    await bench.store.prune(1)
    expect((await bench.store.list()).map(({ manifest }) => manifest.version)).toEqual(['new', 'recent'])
    await bench.store.prune(1, -1)
    expect((await bench.store.list()).map(({ manifest }) => manifest.version)).toEqual(['new'])
    // The blobs are still linked to.
    expect(await readdir(join(bench.store.folder, 'blobs'))).toHaveLength(2)
  })

  test('sweeps what a killed process left behind', async () => {
    await bringIn('1')
    const staged = join(bench.store.folder, 'staging', 'left')
    await mkdir(staged, { recursive: true })
    await writeFile(join(bench.store.folder, 'partial', 'left'), 'x')
    const long = new Date(Date.now() - 48 * hour)
    await utimes(staged, long, long)
    await utimes(join(bench.store.folder, 'partial', 'left'), long, long)
    await bench.store.prune(5)
    expect(await readdir(join(bench.store.folder, 'staging'))).toEqual([])
    expect(await readdir(join(bench.store.folder, 'partial'))).toEqual([])
    expect(await bench.store.list()).toHaveLength(1)
  })

  test('takes a folder whose manifest was changed for no model', async () => {
    const digest = await bringIn('1')
    const folder = join(bench.store.folder, 'models', 'f'.repeat(64))
    await mkdir(folder)
    await writeFile(join(folder, 'model.json'), JSON.stringify(bench.model.manifest))
    expect((await bench.store.list()).map((model) => model.digest)).toEqual([digest])
  })

  test('remembers the last good model of each URI', async () => {
    await bench.store.remember('https://a/model.json', 'a'.repeat(64))
    await bench.store.remember('https://a/model.json', 'b'.repeat(64))
    expect(await bench.store.recall('https://a/model.json')).toBe('b'.repeat(64))
    expect(await bench.store.recall('https://b/model.json')).toBeUndefined()
  })

  test.each(['', '{"uri":"htt', 'null', '{"digest":7}', '{"digest":"../../../etc"}'])(
    'takes the damaged note %j for none',
    async (text) => {
      await bench.store.remember('https://a/model.json', 'a'.repeat(64))
      const refs = join(bench.store.folder, 'refs')
      for (const name of await readdir(refs)) {
        await rm(join(refs, name))
        await writeFile(join(refs, name), text)
      }
      expect(await bench.store.recall('https://a/model.json')).toBeUndefined()
    },
  )

  test('leaves no half-written note behind where it cannot be put in its place', async () => {
    const uri = 'https://a/model.json'
    const refs = join(bench.store.folder, 'refs')
    await mkdir(join(refs, `${digestOf(uri)}.json`, 'in the way'), { recursive: true })
    await expect(bench.store.remember(uri, 'a'.repeat(64))).rejects.toMatchObject({
      code: 'VAL_MODEL_STORE_UNAVAILABLE',
    })
    expect(await readdir(refs)).toEqual([`${digestOf(uri)}.json`])
  })

  test('that cannot be written says so', async () => {
    const file = join(bench.store.folder, 'file')
    await writeFile(file, '')
    const store = { VALENCE_MODEL_STORE: join(file, 'store') }
    await expect((await bench.supply(store)).pull(unhurried())).rejects.toMatchObject({
      code: 'VAL_MODEL_STORE_UNAVAILABLE',
    })
  })
})
