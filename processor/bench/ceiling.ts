import type { InferenceBackend } from '../src/inference/backend.ts'
import { packTokens } from '../src/inference/token-batch.ts'
import { type Cost, measure } from './measure.ts'

/** How texts are cut into batches for the ceiling: the same bounds the engine has. */
export interface BatchBounds {
  readonly maxTexts: number
  readonly maxTokens: number
}

/** Rows of ids sorted by length and cut into batches within the bounds; the best cut there is, for all is known. */
export function cutSorted(rows: readonly Int32Array[], { maxTexts, maxTokens }: BatchBounds): Int32Array[][] {
  const batches: Int32Array[][] = []
  let batch: Int32Array[] = []
  for (const row of rows.toSorted((a, b) => a.length - b.length)) {
    const isFull = batch.length >= maxTexts || (batch.length + 1) * row.length > maxTokens
    if (isFull && batch.length > 0) {
      batches.push(batch)
      batch = []
    }
    batch.push(row)
  }
  return batch.length > 0 ? [...batches, batch] : batches
}

/**
 * The ceiling: a bare loop over the same backend with everything tokenized, sorted and cut before the clock starts.
 * What the engine costs beyond it is overhead.
 */
export async function runCeiling(
  backend: InferenceBackend,
  rows: readonly Int32Array[],
  padTokenId: number,
  bounds: BatchBounds,
): Promise<Cost> {
  const batches = cutSorted(rows, bounds)
  return measure(async () => {
    let next = 0
    async function lane(): Promise<void> {
      for (let batch = batches[next++]; batch; batch = batches[next++])
        await backend.infer(packTokens(batch, padTokenId))
    }
    await Promise.all(Array.from({ length: backend.concurrency * 2 }, lane))
  })
}
