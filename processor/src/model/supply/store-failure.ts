import { isValenceError, ValenceError } from '@valence/schemas'

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Turns what the file system says into the catalogue's words: `await write().catch(storeFailure(path))`. */
export function storeFailure(path: string): (error: unknown) => never {
  return (error) => {
    if (isValenceError(error)) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const kind = fullCodes.has(code ?? '') ? 'VAL_MODEL_STORE_FULL' : 'VAL_MODEL_STORE_UNAVAILABLE'
    throw new ValenceError(kind, `${path}: ${message}`, { cause: error })
  }
}
