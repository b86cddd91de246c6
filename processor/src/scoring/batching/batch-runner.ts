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
  /** The probe: a harmless text. If it runs, the backend works. */
  readonly probeIds: Int32Array
  settle(entry: PendingText, outcome: InferenceResult): void
  onBisected(): void
}

/** Workers that a text alone may kill before it is rejected. Chosen: one may be chance, each further one costs a restart. */
const lossesBeforeGuilt = 2

/** Runs a batch to the end; resolves when each of its entries is settled. Never rejects. */
export type BatchRunner = (entries: readonly PendingText[]) => Promise<void>

/**
 * Scores batches and isolates the text that breaks one: a failing batch is halved until the bad text is alone. Where the
 * graph refuses a text, the error is final. Where a worker is lost, a probe text is run: if the probe fails too, the
 * backend is at fault and all texts may be tried again; if it runs, the batch is under suspicion, and a text that has
 * killed several workers alone is rejected, so that it does not block its partition for ever.
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
