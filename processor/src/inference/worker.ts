/**
 * A worker thread: one graph session, one batch after the other. It imports nothing of the workspace but its own
 * folder, so that it starts fast and runs from source and from dist alike.
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

async function answer(session: GraphSession, { id, batch }: InferenceRequest): Promise<void> {
  const start = performance.now()
  try {
    const logits = await session.run(batch)
    say({ kind: 'scored', id, logits, inferMs: performance.now() - start })
  } catch (error) {
    say({ kind: 'failed', id, message: messageOf(error) })
  }
}

/** Answers, and lets the main thread know while native code runs; not begun when the thread is to end. */
async function answerUnlessLeaving(
  session: GraphSession,
  request: InferenceRequest,
  shared: Int32Array,
): Promise<void> {
  if (Atomics.load(shared, word.leaving) === 1) {
    parentPort?.close()
    return
  }
  // The runtime enters native code by an immediate of its own, which is the next one after this.
  const entering = setImmediate(() => Atomics.store(shared, word.native, 1))
  await answer(session, request)
  clearImmediate(entering)
  Atomics.store(shared, word.native, 0)
}

/** Runs start one after the other: a run begins only when the one before it has answered. */
async function serve(): Promise<void> {
  const { background, shared, ...graph } = workerData as WorkerStart
  if (background) giveWay()
  const session = await openGraphSession(graph)
  Atomics.store(shared, word.native, 0)
  let last = Promise.resolve()
  parentPort?.on('message', (request: InferenceRequest) => {
    last = last.then(() => answerUnlessLeaving(session, request, shared))
  })
  say({ kind: 'ready' })
}

serve().catch((error) => say({ kind: 'refused', message: messageOf(error) }))
