/** Token ids of one batch, padded to a rectangle. */
export interface TokenBatch {
  /** rows × width, row-major, padded with the model's pad token. */
  readonly ids: Int32Array
  /** Real tokens of each row; the attention mask is 1 below it. */
  readonly lengths: Int32Array
  readonly rows: number
  readonly width: number
}

/**
 * Runs a model graph. Implementations never block the event loop and hold one graph for life.
 * `infer` throws VAL_INFERENCE_FAILED when the graph refuses the batch (bisect it), VAL_INFERENCE_TIMEOUT or
 * VAL_INFERENCE_UNAVAILABLE when a worker was lost (try it again).
 */
export interface InferenceBackend {
  /** Batches that can run at the same time. */
  readonly concurrency: number
  /** Logits, rows × labels, row-major. Takes ownership of the batch's buffers. */
  infer(batch: TokenBatch): Promise<Float32Array>
  /** Live texts come from now on: what befalls the backend is news of the service, no longer of a candidate. */
  activate?(): void
  /** Waits for the batches that were accepted. Not with `drain: false`: they are refused, and a run that hangs is left. */
  close(options?: CloseOptions): Promise<void>
}

export interface CloseOptions {
  readonly drain?: boolean
}
