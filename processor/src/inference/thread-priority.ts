import { constants, platform, setPriority } from 'node:os'

/**
 * Sets the lowest priority for the calling thread. Only on Linux, where `setPriority` affects the calling thread and
 * not the whole process.
 */
export function giveWay(): void {
  if (platform() !== 'linux') return
  try {
    setPriority(constants.priority.PRIORITY_LOW)
  } catch {
    // A sandbox may forbid it. The thread then keeps its normal priority and competes with live inference.
  }
}
