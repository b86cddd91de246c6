/** A worker program that behaves like the real one until a marked token tells it to misbehave. */
import { spawnSync } from 'node:child_process'
import { parentPort, workerData } from 'node:worker_threads'
import {
  type InferenceRequest,
  type InferenceResponse,
  type WorkerStart,
  word,
} from '@valence/processor/inference/worker-protocol'

const crash = 996
const hang = 995
const linger = 994
const start = workerData as WorkerStart

function say(response: InferenceResponse): void {
  parentPort?.postMessage(response)
}

parentPort?.on('message', ({ id, batch }: InferenceRequest) => {
  if (batch.ids.includes(crash)) process.exit(3)
  while (batch.ids.includes(hang)) {
    // Spins until it is terminated.
  }
  // Cannot be ended meanwhile, though it is in no graph: as a thread that ends late on a busy machine.
  if (batch.ids.includes(linger)) spawnSync('sleep', ['3'])
  const logits = new Float32Array(batch.rows * start.labels)
  logits.fill(batch.ids[0] ?? 0)
  say({ kind: 'scored', id, logits, inferMs: 1 })
})

// It knows no native code, so it can be ended at any time.
Atomics.store(start.shared, word.native, 0)
say({ kind: 'ready' })
