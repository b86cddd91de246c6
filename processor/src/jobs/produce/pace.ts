import { setTimeout as sleep } from 'node:timers/promises'

/** Sleeping for less is imprecise; texts go out in small bursts instead. */
const shortestSleepMs = 10

/** Resolves when the next text may go out; at once where there is no rate. Aborting ends the waiting. */
export function createPace(perSecond: number | undefined, signal: AbortSignal): () => Promise<void> {
  if (perSecond === undefined) return () => Promise.resolve()
  const startedAt = performance.now()
  let count = 0
  return async () => {
    const aheadMs = startedAt + (count * 1_000) / perSecond - performance.now()
    count += 1
    if (aheadMs >= shortestSleepMs) await sleep(aheadMs, undefined, { signal }).catch(() => undefined)
  }
}
