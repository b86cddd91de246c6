import { setTimeout as sleep } from 'node:timers/promises'

/** Timers below this are imprecise. Shorter waits are skipped, so texts go out in small bursts. */
const shortestSleepMs = 10

/** Returns a function that resolves when the next text may be sent: at once without a rate or after an abort. */
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
