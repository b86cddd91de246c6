/**
 * A worker thread: one graph session, one batch after the other. It imports nothing of the workspace but its own
 * folder, so that it starts fast and runs from source and from dist alike.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { type GraphSession, openGraphSession } from './graph-session.ts'
import { giveWay } from './thread-priority.ts'
import type { InferenceRequest, InferenceResponse, WorkerStart } from './worker-protocol.ts'

function say(response: InferenceResponse): void {
  parentPort?.postMessage(response)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function answer(session: GraphSession, { id, batch }: InferenceRequest): Promise<void> {
  const start = performance.now()
  try {
    const logits = await session.run(batch)
    say({ kind: 'scored', id, logits, inferMs: performance.now() - start })
  } catch (error) {
    say({ kind: 'failed', id, message: messageOf(error) })
  }
}

/** Runs start one after the other: a run begins only when the one before it has answered. */
async function serve(): Promise<void> {
  const { background, leaving, ...graph } = workerData as WorkerStart
  if (background) giveWay()
  const session = await openGraphSession(graph)
  let last = Promise.resolve()
  parentPort?.on('message', (request: InferenceRequest) => {
    last = last.then(() => {
      if (Atomics.load(leaving, 0) === 0) return answer(session, request)
      parentPort?.close()
      return undefined
    })
  })
  say({ kind: 'ready' })
}

serve().catch((error) => say({ kind: 'refused', message: messageOf(error) }))
