import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { BackupStorage } from './backup-storage.ts'

/** Folders of the store that are backed up; partial downloads are in others. */
const folders = ['models', 'refs']

/** Copies missing model files and all refs: models never change under their digest. Returns all names. */
export async function keepModels(storage: BackupStorage, store: string): Promise<string[]> {
  const known = new Set(await storage.list('models/'))
  const names: string[] = []
  for (const folder of folders) {
    const found = await readdir(join(store, folder), { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of found.filter((own) => own.isFile())) {
      const path = join(entry.parentPath, entry.name)
      const name = `models/${relative(store, path)}`
      names.push(name)
      if (folder === 'refs' || !known.has(name)) await storage.put(name, await readFile(path))
    }
  }
  return names.sort()
}

export async function restoreModels(storage: BackupStorage, store: string, names: readonly string[]): Promise<void> {
  // model.json is written last: a model folder that contains it is treated as complete.
  const last = (name: string) => (name.endsWith('/model.json') ? 1 : 0)
  for (const name of names.toSorted((a, b) => last(a) - last(b))) {
    const bytes = await storage.get(name)
    if (bytes === undefined) continue
    const path = join(store, name.slice('models/'.length))
    await mkdir(dirname(path), { recursive: true })
    await writeFile(`${path}.partial`, bytes)
    await rename(`${path}.partial`, path)
  }
}
