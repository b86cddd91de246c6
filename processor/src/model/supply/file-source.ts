import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ValenceError } from '@valence/schemas'
import { allowedPath } from './allow-list.ts'
import { type ModelSource, readSmall } from './model-source.ts'

/** @throws VAL_MODEL_MISSING if it cannot be read or is not a regular file: opening a pipe would wait for its writer */
async function* chunksOf(path: string, start: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
  try {
    if (!(await stat(path)).isFile()) throw new Error('no plain file')
    yield* createReadStream(path, { start, signal })
  } catch (cause) {
    if (signal.aborted) throw signal.reason
    throw new ValenceError('VAL_MODEL_MISSING', `${path} cannot be read`, { cause })
  }
}

/**
 * A manifest on a local disk. Symbolic links are followed only into allowed folders.
 * @param folders allowed folders of files, after resolving links
 */
export function createFileSource(path: string, folders: readonly string[]): ModelSource {
  return {
    async readManifest(known, signal) {
      const real = await allowedPath(path, folders)
      const { size, mtimeNs, ino } = await stat(real, { bigint: true })
      const version = `${ino}-${size}-${mtimeNs}`
      return version === known ? undefined : { bytes: await readSmall(chunksOf(real, 0, signal), real), version }
    },
    async readSignature(signal) {
      try {
        const real = await allowedPath(`${path}.sig`, folders)
        return await readSmall(chunksOf(real, 0, signal), real)
      } catch (error) {
        if (error instanceof ValenceError && error.code === 'VAL_MODEL_MISSING') return undefined
        throw error
      }
    },
    async openFile(name, from, signal) {
      const real = await allowedPath(join(dirname(path), name), folders)
      return { from, chunks: chunksOf(real, from, signal) }
    },
  }
}
