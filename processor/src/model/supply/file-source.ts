import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ValenceError } from '@valence/schemas'
import { allowedPath } from './allow-list.ts'
import { type ModelSource, maxManifestBytes } from './model-source.ts'

/** A small file whole. @throws VAL_MODEL_MISSING, VAL_MODEL_TOO_LARGE */
async function readSmall(path: string): Promise<Buffer> {
  const file = await open(path).catch((cause) => {
    throw new ValenceError('VAL_MODEL_MISSING', `${path} cannot be read`, { cause })
  })
  try {
    const { size } = await file.stat()
    if (size > maxManifestBytes) throw new ValenceError('VAL_MODEL_TOO_LARGE', `${path} has ${size} bytes`)
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/**
 * A manifest on a disk of this machine. Links are followed only as far as the allowed folders reach.
 * @param folders where files may really lie
 */
export function createFileSource(path: string, folders: readonly string[]): ModelSource {
  return {
    async readManifest(known) {
      const real = await allowedPath(path, folders)
      const { size, mtimeNs, ino } = await stat(real, { bigint: true })
      const version = `${ino}-${size}-${mtimeNs}`
      return version === known ? undefined : { bytes: await readSmall(real), version }
    },
    async readSignature() {
      try {
        return await readSmall(await allowedPath(`${path}.sig`, folders))
      } catch (error) {
        if (error instanceof ValenceError && error.code === 'VAL_MODEL_MISSING') return undefined
        throw error
      }
    },
    async openFile(name, from, signal) {
      const real = await allowedPath(join(dirname(path), name), folders)
      return { from, chunks: createReadStream(real, { start: from, signal }) }
    },
  }
}
