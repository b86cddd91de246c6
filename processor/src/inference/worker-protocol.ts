import type { TokenBatch } from './backend.ts'
import type { GraphSpec } from './graph-session.ts'

/** What a worker thread is started with. */
export interface WorkerStart extends GraphSpec {
  /** It gives way to every other thread. */
  readonly background?: boolean
  /** Not 0 once the thread is to end by itself before its next run. */
  readonly leaving: Int32Array
}

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
