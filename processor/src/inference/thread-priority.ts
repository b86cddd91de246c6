import { constants, getPriority, platform, setPriority } from 'node:os'

/** A run lasts for tens of milliseconds, which the event loop need not wait for: it gives way by so much. */
const belowEventLoop = 5

/**
 * Lowers the priority of the calling thread: below the event loop of the process, or below everything. On Linux alone,
 * where a priority belongs to the thread that sets it and not to the whole process.
 */
export function giveWay(background: boolean): void {
  if (platform() !== 'linux') return
  const lowest = constants.priority.PRIORITY_LOW
  try {
    setPriority(background ? lowest : Math.min(lowest, getPriority() + belowEventLoop))
  } catch {
    // A sandbox may forbid it: then all threads are equal, which is slower but not wrong.
  }
}
