import type { TokenBatch } from './backend.ts'
import type { GraphSpec } from './graph-session.ts'

/** What a worker thread is started with. */
export interface WorkerStart extends GraphSpec {
  /** It gives way to every other thread. */
  readonly background?: boolean
  /** Shared with the main thread: two words, see `word`. */
  readonly shared: Int32Array
}

/** What the words say that both threads see; each is 0 or 1. */
export const word = {
  /** The thread is to end by itself before its next run. */
  leaving: 0,
  /** The thread is inside native code, or about to be: it must not be interrupted. */
  native: 1,
} as const

/** What a worker thread is asked: one batch under a number of the asker's. */
export interface InferenceRequest {
  readonly id: number
  readonly batch: TokenBatch
}

/** What a worker thread says: first `ready` or `refused`, then one answer per request, in order. */
export type InferenceResponse =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'scored'; readonly id: number; readonly logits: Float32Array; readonly inferMs: number }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
