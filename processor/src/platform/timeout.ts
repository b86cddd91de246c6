/** Settles with the work, or rejects with `timeoutError()` after `ms`. The work itself is not cancelled. */
export async function withTimeout<T>(ms: number, work: Promise<T>, timeoutError: () => Error): Promise<T> {
  // The work may reject after the timeout; without this handler that would be an unhandled rejection.
  work.catch(() => undefined)
  const deadline = Promise.withResolvers<never>()
  const timer = setTimeout(() => deadline.reject(timeoutError()), ms)
  try {
    return await Promise.race([work, deadline.promise])
  } finally {
    clearTimeout(timer)
  }
}
