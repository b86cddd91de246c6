import { isValenceError, ValenceError } from '@valence/schemas'
import type { InferenceBackend } from '../../inference/backend.ts'
import { type Calibration, probabilities } from '../../inference/logits.ts'
import { packTokens } from '../../inference/token-batch.ts'
import type { InferenceResult, PendingText } from './pending-text.ts'

export interface BatchRunnerOptions {
  readonly backend: InferenceBackend
  readonly padTokenId: number
  readonly labels: number
  readonly calibration: Calibration
  /** A text of no importance; that it runs shows that the backend is well. */
  readonly probeIds: Int32Array
  settle(entry: PendingText, outcome: InferenceResult): void
  onBisected(): void
}

/** Workers that a text may cost before it is found guilty. */
const lossesBeforeGuilt = 2

/** Runs a batch to the end; resolves when each of its entries is settled. Never rejects. */
export type BatchRunner = (entries: readonly PendingText[]) => Promise<void>

/**
 * Scores batches, and finds the text that spoils one: a failing batch is cut in two until the bad text stands alone.
 * A graph that refuses a text says so at once. A lost worker proves nothing yet, so a probe is run: when it fails too
 * the backend is at fault and all may try again; when it runs, suspicion falls on the batch, and a text that has cost
 * several workers by itself is rejected, so that it cannot hold up its partition for ever.
 */
export function createBatchRunner(options: BatchRunnerOptions): BatchRunner {
  const { backend, padTokenId, labels, calibration, probeIds, settle, onBisected } = options

  async function infer(rows: readonly Int32Array[]): Promise<Float32Array | ValenceError> {
    try {
      return await backend.infer(packTokens(rows, padTokenId))
    } catch (error) {
      return isValenceError(error) ? error : new ValenceError('VAL_INFERENCE_FAILED', undefined, { cause: error })
    }
  }

  async function isBackendWell(): Promise<boolean> {
    return (await infer([probeIds])) instanceof Float32Array
  }

  function read(logits: Float32Array, row: number, entry: PendingText): InferenceResult {
    try {
      const values = probabilities(logits, row, labels, calibration)
      return { probabilities: values, tokens: entry.tokens, truncated: entry.truncated }
    } catch (error) {
      return isValenceError(error) ? error : new ValenceError('VAL_INFERENCE_FAILED', undefined, { cause: error })
    }
  }

  async function bisect(entries: readonly PendingText[]): Promise<void> {
    onBisected()
    const middle = entries.length >> 1
    await run(entries.slice(0, middle), 0)
    await run(entries.slice(middle), 0)
  }

  /** After a lost worker. `losses` counts those that this very batch has cost, this one included. */
  async function suspect(entries: readonly PendingText[], losses: number, error: ValenceError): Promise<void> {
    if (!(await isBackendWell())) {
      for (const entry of entries) settle(entry, error)
    } else if (entries.length > 1) {
      await bisect(entries)
    } else if (losses < lossesBeforeGuilt) {
      await run(entries, losses)
    } else {
      const guilt = new ValenceError('VAL_INFERENCE_FAILED', `${losses} workers were lost to it`, { cause: error })
      for (const entry of entries) settle(entry, guilt)
    }
  }

  async function run(entries: readonly PendingText[], losses: number): Promise<void> {
    const result = await infer(entries.map(({ ids }) => ids))
    if (result instanceof Float32Array) {
      entries.forEach((entry, row) => {
        settle(entry, read(result, row, entry))
      })
    } else if (result.retryable) {
      await suspect(entries, losses + 1, result)
    } else if (entries.length > 1) {
      await bisect(entries)
    } else {
      for (const entry of entries) settle(entry, result)
    }
  }

  return (entries) => run(entries, 0)
}
