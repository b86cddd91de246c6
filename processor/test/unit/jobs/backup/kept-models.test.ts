import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { BackupStorage } from '../../../../src/jobs/backup/backup-storage.ts'
import { keepModels, restoreModels } from '../../../../src/jobs/backup/kept-models.ts'

let store = ''
beforeEach(async () => {
  store = await mkdtemp(join(tmpdir(), 'valence-store-'))
})
afterEach(() => rm(store, { recursive: true, force: true }))

function memoryStorage() {
  const kept = new Map<string, Buffer>()
  const puts: string[] = []
  const storage = {
    list: async (prefix: string) => [...kept.keys()].filter((name) => name.startsWith(prefix)),
    put: async (name: string, bytes: Buffer) => {
      puts.push(name)
      kept.set(name, bytes)
    },
    get: async (name: string) => kept.get(name),
  } as unknown as BackupStorage
  return { storage, puts, kept }
}

async function put(name: string, text: string): Promise<void> {
  await mkdir(join(store, name, '..'), { recursive: true })
  await writeFile(join(store, name), text)
}

it('keeps models and their names, and nothing that is half fetched', async () => {
  await put('models/d1/model.json', '{}')
  await put('models/d1/model.onnx', 'graph')
  await put('refs/latest', 'd1')
  await put('partial/d2', 'half')
  const { storage, puts } = memoryStorage()
  const names = ['models/models/d1/model.json', 'models/models/d1/model.onnx', 'models/refs/latest']
  expect(await keepModels(storage, store)).toEqual(names)
  expect(puts.toSorted()).toEqual(names)
})

it('copies a model once and a name each time', async () => {
  await put('models/d1/model.json', '{}')
  await put('refs/latest', 'd1')
  const { storage, puts, kept } = memoryStorage()
  await keepModels(storage, store)
  puts.length = 0
  await put('refs/latest', 'd2')
  await keepModels(storage, store)
  expect(puts).toEqual(['models/refs/latest'])
  expect(kept.get('models/refs/latest')?.toString()).toBe('d2')
})

it('keeps nothing where there is no store', async () => {
  expect(await keepModels(memoryStorage().storage, join(store, 'none'))).toEqual([])
})

it('puts back what was kept, the manifest of a model last, and leaves no half file', async () => {
  const { storage, kept } = memoryStorage()
  kept.set('models/models/d1/model.json', Buffer.from('{}'))
  kept.set('models/models/d1/model.onnx', Buffer.from('graph'))
  const read: string[] = []
  const seen = {
    ...storage,
    get: async (name: string) => {
      read.push(name)
      return kept.get(name)
    },
  } as unknown as BackupStorage
  await restoreModels(seen, store, [
    'models/models/d1/model.json',
    'models/models/d1/gone',
    'models/models/d1/model.onnx',
  ])
  expect(read.at(-1)).toBe('models/models/d1/model.json')
  expect((await readdir(join(store, 'models/d1'))).toSorted()).toEqual(['model.json', 'model.onnx'])
  expect(await readFile(join(store, 'models/d1/model.onnx'), 'utf8')).toBe('graph')
})
