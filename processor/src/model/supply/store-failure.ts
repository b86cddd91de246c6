import { isValenceError, ValenceError } from '@valence/schemas'

const fullCodes = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** Converts file system errors into catalogue errors: `await write().catch(storeFailure(path))`. */
export function storeFailure(path: string): (error: unknown) => never {
  return (error) => {
    if (isValenceError(error)) throw error
    const { code, message } = error as NodeJS.ErrnoException
    const kind = fullCodes.has(code ?? '') ? 'VAL_MODEL_STORE_FULL' : 'VAL_MODEL_STORE_UNAVAILABLE'
    throw new ValenceError(kind, `${path}: ${message}`, { cause: error })
  }
}
