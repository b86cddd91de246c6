/** Settles with the work, or rejects with `late()` after so many milliseconds; the work itself goes on unseen. */
export async function within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
  // Whoever loses the race may still reject.
  work.catch(() => undefined)
  const deadline = Promise.withResolvers<never>()
  const timer = setTimeout(() => deadline.reject(late()), ms)
  try {
    return await Promise.race([work, deadline.promise])
  } finally {
    clearTimeout(timer)
  }
}
