import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { ValenceError } from '@valence/schemas'
import { isAbsent, openBucket } from '../../platform/bucket.ts'

/** Storage of backups: named blobs with atomic writes. */
export interface BackupStorage {
  put(name: string, bytes: Buffer): Promise<void>
  /** Undefined if the name does not exist. */
  get(name: string): Promise<Buffer | undefined>
  /** Names with this prefix, sorted. */
  list(prefix: string): Promise<string[]>
}

/** Opens a folder or `s3://bucket/prefix`. Every method @throws VAL_BACKUP_UNAVAILABLE */
export async function openBackupStorage(place: string, s3Endpoint: string | undefined): Promise<BackupStorage> {
  const storage = place.startsWith('s3://') ? await openBucketStorage(place, s3Endpoint) : openFolder(place)
  return {
    put: (name, bytes) => guarded(place, () => storage.put(name, bytes)),
    get: (name) => guarded(place, () => storage.get(name)),
    list: (prefix) => guarded(place, () => storage.list(prefix)),
  }
}

async function guarded<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw new ValenceError('VAL_BACKUP_UNAVAILABLE', `${place}: ${(cause as Error).message}`, { cause })
  }
}

function isMissing(error: unknown): boolean {
  return (error as { code?: string }).code === 'ENOENT'
}

function openFolder(folder: string): BackupStorage {
  return {
    async put(name, bytes) {
      const path = join(folder, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(`${path}.partial`, bytes, { flush: true })
      await rename(`${path}.partial`, path)
    },
    get: (name) =>
      readFile(join(folder, name)).catch((error) => {
        if (isMissing(error)) return undefined
        throw error
      }),
    async list(prefix) {
      const found = await readdir(join(folder, prefix), { recursive: true, withFileTypes: true }).catch((error) => {
        if (isMissing(error)) return []
        throw error
      })
      return found
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.partial'))
        .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
        .sort()
    },
  }
}

async function openBucketStorage(place: string, endpoint: string | undefined): Promise<BackupStorage> {
  const { hostname, pathname } = new URL(place)
  const root = decodeURIComponent(pathname.slice(1)).replace(/\/*$/, '/').replace(/^\//, '')
  const bucket = await openBucket(hostname, { endpoint })
  return {
    put: (name, bytes) => bucket.put(`${root}${name}`, bytes),
    async get(name) {
      try {
        const { Body } = await bucket.get({ Key: `${root}${name}` })
        return Body && Buffer.from(await Body.transformToByteArray())
      } catch (error) {
        if (isAbsent(error)) return undefined
        throw error
      }
    },
    async list(prefix) {
      const found = await bucket.list(`${root}${prefix}`)
      return found.map(({ key }) => key.slice(root.length)).sort()
    },
  }
}
