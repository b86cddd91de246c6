import { isValenceError, type ValenceError } from '../../src/index.ts'

/** The catalogue error that the call throws; fails the test if it throws none or another one. */
export function thrownBy(call: () => unknown): ValenceError {
  try {
    call()
  } catch (error) {
    if (isValenceError(error)) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** The catalogue error that the promise rejects with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<ValenceError> {
  const outcome = await promise.then(
    () => new Error('nothing was thrown'),
    (error: unknown) => error,
  )
  if (isValenceError(outcome)) return outcome
  throw outcome
}
