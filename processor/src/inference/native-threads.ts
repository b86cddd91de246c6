import { setTimeout as delay } from 'node:timers/promises'
import { word } from './worker-protocol.ts'

/** The shared words of every inference thread that has not exited. */
const threads = new Set<Int32Array>()
/** Threads lost by timeout: the time when their native code returns is unknown. */
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
 * True while a thread of this process is inside native code. At exit, Node waits until that code returns, ignores
 * signals meanwhile, and then aborts with SIGABRT.
 */
export function isInNativeCode(): boolean {
  return [...threads].some(isNative)
}

/** Waits until no thread is in native code, except threads that hang. */
export async function threadsBack(): Promise<void> {
  while ([...threads].some((shared) => isNative(shared) && !hanging.has(shared))) await delay(pollMs)
}

function isNative(shared: Int32Array): boolean {
  return Atomics.load(shared, word.native) === 1
}
