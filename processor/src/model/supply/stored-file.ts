import { readFile } from 'node:fs/promises'
import { type FileDigest, fileDigest } from '../file-digest.ts'
import { storeFailure } from './store-failure.ts'

/** The file does not exist. Any other error may be temporary and says nothing about the content of the store. */
const absentCodes = new Set(['ENOENT', 'ENOTDIR', 'EISDIR'])

function ifAbsent(path: string): (error: NodeJS.ErrnoException) => undefined {
  return (error) => (absentCodes.has(error.code ?? '') ? undefined : storeFailure(path)(error))
}

/** @throws VAL_MODEL_STORE_UNAVAILABLE if it exists and cannot be read */
export async function digestIfThere(path: string): Promise<FileDigest | undefined> {
  return fileDigest(path).catch(ifAbsent(path))
}

/** @throws VAL_MODEL_STORE_UNAVAILABLE if it exists and cannot be read */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  return readFile(path).catch(ifAbsent(path))
}
