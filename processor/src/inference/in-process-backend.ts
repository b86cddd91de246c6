import { ValenceError } from '@valence/schemas'
import type { InferenceBackend } from './backend.ts'
import { type GraphSpec, openGraphSession } from './graph-session.ts'

/**
 * Runs the graph on the calling thread: no start-up time, but each batch blocks the event loop. For the command line.
 * @throws VAL_MODEL_UNUSABLE if the graph cannot be opened
 */
export async function createInProcessBackend(graph: GraphSpec): Promise<InferenceBackend> {
  const session = await openGraphSession(graph).catch((cause: unknown) => {
    throw new ValenceError('VAL_MODEL_UNUSABLE', cause instanceof Error ? cause.message : graph.path, { cause })
  })
  let last: Promise<unknown> = Promise.resolve()
  let closed: Promise<void> | undefined

  return {
    concurrency: 1,
    infer(batch) {
      if (closed) return Promise.reject(new ValenceError('VAL_INFERENCE_UNAVAILABLE', 'the backend is closed'))
      const result = last.then(() => session.run(batch))
      last = result.catch(() => undefined)
      return result.catch((cause: unknown) => {
        throw new ValenceError('VAL_INFERENCE_FAILED', cause instanceof Error ? cause.message : undefined, { cause })
      })
    },
    close() {
      closed ??= last.then(() => session.release())
      return closed
    },
  }
}
