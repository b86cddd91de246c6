/**
 * A worker thread: one graph session that runs one batch at a time. It imports only from its own folder, so that it
 * starts fast and runs from source and from dist.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { type GraphSession, openGraphSession } from './graph-session.ts'
import { giveWay } from './thread-priority.ts'
import { type InferenceRequest, type InferenceResponse, type WorkerStart, word } from './worker-protocol.ts'

function say(response: InferenceResponse): void {
  parentPort?.postMessage(response)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * Clears the `native` word before sending: after the message, the main thread may terminate this thread at any time.
 */
function leftNative(shared: Int32Array): void {
  Atomics.store(shared, word.native, 0)
}

async function answer(session: GraphSession, { id, batch }: InferenceRequest, shared: Int32Array): Promise<void> {
  // The runtime enters native code in its own immediate, the next one after this.
  const entering = setImmediate(() => Atomics.store(shared, word.native, 1))
  const start = performance.now()
  try {
    const logits = await session.run(batch)
    leftNative(shared)
    say({ kind: 'scored', id, logits, inferMs: performance.now() - start })
  } catch (error) {
    clearImmediate(entering)
    leftNative(shared)
    say({ kind: 'failed', id, message: messageOf(error) })
  }
}

/** A run begins only after the previous one has been answered. */
async function serve(): Promise<void> {
  const { background, shared, ...graph } = workerData as WorkerStart
  if (background) giveWay()
  const session = await openGraphSession(graph).finally(() => leftNative(shared))
  let last = Promise.resolve()
  parentPort?.on('message', (request: InferenceRequest) => {
    last = last.then(() => {
      if (Atomics.load(shared, word.leaving) === 0) return answer(session, request, shared)
      parentPort?.close()
      return undefined
    })
  })
  say({ kind: 'ready' })
}

serve().catch((error) => say({ kind: 'refused', message: messageOf(error) }))
