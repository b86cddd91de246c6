/** Token ids of one batch, padded to a rectangle. */
export interface TokenBatch {
  /** rows × width, row-major, padded with the model's pad token. */
  readonly ids: Int32Array
  /** Tokens of each row without padding; the attention mask is 1 below this index. */
  readonly lengths: Int32Array
  readonly rows: number
  readonly width: number
}

/**
 * Runs one model graph for its whole lifetime, without blocking the event loop (InProcessBackend excepted).
 * `infer` throws VAL_INFERENCE_FAILED if the graph rejects the batch (bisect it), VAL_INFERENCE_TIMEOUT or
 * VAL_INFERENCE_UNAVAILABLE if a worker was lost (retry it).
 */
export interface InferenceBackend {
  /** Maximum batches that run at the same time. */
  readonly concurrency: number
  /** Logits, rows × labels, row-major. Takes ownership of the batch's buffers. */
  infer(batch: TokenBatch): Promise<Float32Array>
  /** Called when the model becomes active: losses are then reported for the service, no longer for a candidate. */
  activate?(): void
  /** Waits for accepted batches. With `drain: false` they are rejected, and a hanging run is abandoned. */
  close(options?: CloseOptions): Promise<void>
}

export interface CloseOptions {
  readonly drain?: boolean
}
