import type { InferenceBackend, TokenBatch } from '@valence/processor/inference/backend'
import { ValenceError } from '@valence/schemas'
import { tinyLogits, tinyVocabulary } from './tiny-model.ts'

/** The row of a batch without its padding. */
export function rowOf(batch: TokenBatch, row: number): Int32Array {
  const start = row * batch.width
  return batch.ids.slice(start, start + (batch.lengths[row] as number))
}

function rowsOf(batch: TokenBatch): Int32Array[] {
  return Array.from({ length: batch.rows }, (_, row) => rowOf(batch, row))
}

/**
 * Answers like the tiny graph, at once or when told. `poison` fails the batch, `hang` is a timeout, `crash` is a lost
 * worker; while `isDown` every batch finds no worker.
 */
export class FakeBackend implements InferenceBackend {
  readonly concurrency: number
  /** Every batch that was run, as rows of ids. */
  readonly batches: Int32Array[][] = []
  isDown = false
  closed = false
  running = 0
  mostRunning = 0
  #gate: Promise<void> | undefined
  #open: (() => void) | undefined

  constructor(concurrency = 1) {
    this.concurrency = concurrency
  }

  /** Batches wait from now on until release(). */
  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#open = resolve
    })
  }

  release(): void {
    this.#open?.()
    this.#gate = undefined
  }

  async infer(batch: TokenBatch): Promise<Float32Array> {
    if (this.closed || this.isDown) throw new ValenceError('VAL_INFERENCE_UNAVAILABLE')
    const rows = rowsOf(batch)
    this.batches.push(rows)
    this.running++
    this.mostRunning = Math.max(this.mostRunning, this.running)
    await this.#gate
    this.running--
    const has = (id: number) => rows.some((row) => row.includes(id))
    if (has(tinyVocabulary.poison)) throw new ValenceError('VAL_INFERENCE_FAILED', 'out of range')
    if (has(tinyVocabulary.hang)) throw new ValenceError('VAL_INFERENCE_TIMEOUT')
    if (has(tinyVocabulary.crash)) throw new ValenceError('VAL_INFERENCE_UNAVAILABLE')
    return Float32Array.from(rows.flatMap((row) => tinyLogits(row)))
  }

  async close(): Promise<void> {
    this.closed = true
  }
}
