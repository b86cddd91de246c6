import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a stretch of work cost this process, all of its threads together. */
export interface Cost {
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly eventLoopDelayP99Ms: number
  readonly eventLoopDelayMaxMs: number
  /** Resident memory right after. */
  readonly rssBytes: number
}

/** Runs the work and says what it cost. */
export async function measure(work: () => Promise<void>): Promise<Cost> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const cpuBefore = process.cpuUsage()
  const start = performance.now()
  await work()
  const wallSeconds = (performance.now() - start) / 1_000
  const cpu = process.cpuUsage(cpuBefore)
  delay.disable()
  return {
    wallSeconds,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    eventLoopDelayP99Ms: delay.percentile(99) / 1e6,
    eventLoopDelayMaxMs: delay.max / 1e6,
    rssBytes: process.memoryUsage.rss(),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low, high] = [sorted[(sorted.length - 1) >> 1] ?? Number.NaN, sorted[middle] ?? Number.NaN]
  return (low + high) / 2
}
