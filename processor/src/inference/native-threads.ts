import { setTimeout as delay } from 'node:timers/promises'
import { word } from './worker-protocol.ts'

/** The shared words of every inference thread that has not exited. */
const threads = new Set<Int32Array>()
/** Threads that were lost by timeout: when their native code returns is unknown. */
const hanging = new Set<Int32Array>()
/** Chosen, not measured: about two runs. */
const pollMs = 20

export function trackThread(shared: Int32Array): void {
  threads.add(shared)
}

export function untrackThread(shared: Int32Array): void {
  threads.delete(shared)
  hanging.delete(shared)
}

export function markHanging(shared: Int32Array): void {
  hanging.add(shared)
}

/**
 * A thread of this process is inside native code. Node waits for it when the process exits, for as long as that code
 * runs, deaf to every signal, and dies of SIGABRT when it returns.
 */
export function isInNativeCode(): boolean {
  return [...threads].some(isNative)
}

/** Waits until no thread is in native code but those that hang there, such as one that reads a graph. */
export async function threadsBack(): Promise<void> {
  while ([...threads].some((shared) => isNative(shared) && !hanging.has(shared))) await delay(pollMs)
}

function isNative(shared: Int32Array): boolean {
  return Atomics.load(shared, word.native) === 1
}
