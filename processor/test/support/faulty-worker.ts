/** A worker program that behaves like the real one until a marked token tells it to misbehave. */
import { parentPort, workerData } from 'node:worker_threads'
import type { GraphSpec } from '../../src/inference/graph-session.ts'
import type { InferenceRequest, InferenceResponse } from '../../src/inference/worker-protocol.ts'

const crash = 996
const hang = 995

function say(response: InferenceResponse): void {
  parentPort?.postMessage(response)
}

parentPort?.on('message', ({ id, batch }: InferenceRequest) => {
  if (batch.ids.includes(crash)) process.exit(3)
  while (batch.ids.includes(hang)) {
    // Spins until it is terminated.
  }
  const logits = new Float32Array(batch.rows * (workerData as GraphSpec).labels)
  logits.fill(batch.ids[0] ?? 0)
  say({ kind: 'scored', id, logits, inferMs: 1 })
})

say({ kind: 'ready' })
