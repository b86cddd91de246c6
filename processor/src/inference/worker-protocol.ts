import type { TokenBatch } from './backend.ts'
import type { GraphSpec } from './graph-session.ts'

/** Start data of a worker thread. */
export interface WorkerStart extends GraphSpec {
  /** Run with the lowest priority. */
  readonly background?: boolean
  /** Memory shared with the main thread: two words, see `word`. */
  readonly shared: Int32Array
}

/** Indices of the shared words; each word is 0 or 1. */
export const word = {
  /** The thread must end itself before its next run. */
  leaving: 0,
  /** The thread is in native code, or about to enter it: it must not be terminated. */
  native: 1,
} as const

/** Request to a worker thread: one batch with an id. */
export interface InferenceRequest {
  readonly id: number
  readonly batch: TokenBatch
}

/** Messages of a worker thread: first `ready` or `refused`, then one answer per request, in order. */
export type InferenceResponse =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'scored'; readonly id: number; readonly logits: Float32Array; readonly inferMs: number }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string }
