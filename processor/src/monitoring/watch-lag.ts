import { setTimeout as sleep } from 'node:timers/promises'
import { type GroupLagOptions, type LagSnapshot, readLag } from '../kafka/group-lag.ts'
import { type LagReport, reportLag } from './drain-time.ts'

/** A report per interval, each over the interval before it; ends when the signal aborts. */
export async function* watchLag(
  group: GroupLagOptions,
  intervalMs: number,
  signal: AbortSignal,
  read: (group: GroupLagOptions) => Promise<LagSnapshot> = readLag,
): AsyncGenerator<LagReport> {
  for (let before = await read(group); ; ) {
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    const now = await read(group)
    yield reportLag(before, now)
    before = now
  }
}
