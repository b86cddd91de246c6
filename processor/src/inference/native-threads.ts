import { word } from './worker-protocol.ts'

/** What each living inference thread shares with this one. */
const threads = new Set<Int32Array>()

export function enter(shared: Int32Array): void {
  threads.add(shared)
}

export function leave(shared: Int32Array): void {
  threads.delete(shared)
}

/**
 * A thread of this process is inside native code. Node waits for it when the process exits, for as long as that code
 * runs, deaf to every signal, and dies of SIGABRT when it returns.
 */
export function isInNativeCode(): boolean {
  return [...threads].some((shared) => Atomics.load(shared, word.native) === 1)
}
