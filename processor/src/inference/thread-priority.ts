import { constants, platform, setPriority } from 'node:os'

/**
 * Gives the calling thread the lowest priority there is. On Linux alone, where a priority belongs to the thread that
 * sets it and not to the whole process.
 */
export function giveWay(): void {
  if (platform() !== 'linux') return
  try {
    setPriority(constants.priority.PRIORITY_LOW)
  } catch {
    // A sandbox may forbid it: then all threads are equal, which is slower but not wrong.
  }
}
