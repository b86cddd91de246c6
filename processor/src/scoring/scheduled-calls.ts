import { doneOrAborted } from '../platform/abort.ts'
import type { CachedInference } from './cached-inference.ts'
import { EventLoopSlices } from './scheduling/event-loop-slices.ts'
import { FifoMutex } from './scheduling/fifo-mutex.ts'
import type { ScoreCall } from './score-call.ts'

/** Texts are looked up in the caches in chunks of this many. Chosen, not measured: eight full batches. */
const chunkTexts = 128
/** Longest time that tokenizing blocks the event loop. Chosen, not measured: less than half of a full batch's 10 ms. */
const sliceMs = 4
/** Calls with at most this many texts do not wait behind callers with thousands. Chosen, not measured: half a batch. */
const fewTexts = 8

/**
 * The scheduling layer: when the texts of a call may go into inference. Before each text a call waits for what applies to it:
 *
 * | waits for                                       | which calls                        |
 * | ----------------------------------------------- | ---------------------------------- |
 * | its turn among the large calls of its origin    | more than a few texts, but no HTTP |
 * | its slice of the event loop                     | more than a few texts              |
 * | room in the queue of its origin                 | all but HTTP, which is refused     |
 */
export class ScheduledCalls {
  readonly #inference: CachedInference
  readonly #slices = new EventLoopSlices(sliceMs)
  readonly #largeCalls = { cli: new FifoMutex(), kafka: new FifoMutex() }

  constructor(inference: CachedInference) {
    this.#inference = inference
  }

  /** Resolves when every text of the call has its verdict, or the caller left. */
  async run(call: ScoreCall): Promise<void> {
    const running = this.#run(call)
    // With every score in memory the call is complete here, and there is nothing to wait for.
    await (call.isComplete ? running : doneOrAborted(running, call.options.signal))
  }

  async #run(call: ScoreCall): Promise<void> {
    const { origin, signal } = call.options
    const mutex = isLarge(call) && origin !== 'http' ? this.#largeCalls[origin] : undefined
    const entered = mutex?.enter(signal) ?? true
    if (!(entered instanceof Promise ? await entered : entered)) return
    try {
      await this.#inferUnknown(call)
    } finally {
      mutex?.leave()
    }
    await call.whenInferred()
  }

  async #inferUnknown(call: ScoreCall): Promise<void> {
    for (let start = 0; start < call.texts.length; start += chunkTexts) {
      const unknown = this.#inference.answerKnown(call, start, start + chunkTexts)
      for (const query of unknown instanceof Promise ? await unknown : unknown) {
        // Asked again after each wait: another caller may have taken the room in between.
        for (let wait = this.#obstacle(call); wait; wait = this.#obstacle(call)) await wait
        if (call.isAbandoned) return
        this.#inference.infer(query, call)
      }
    }
  }

  /** What the call has to wait for before its next text; undefined when the text may go, or the caller left. */
  #obstacle(call: ScoreCall): Promise<void> | undefined {
    const { origin, signal } = call.options
    if (call.isAbandoned) return undefined
    if (isLarge(call) && this.#slices.isOver) return this.#slices.next()
    return origin === 'http' || this.#inference.hasRoom(origin) ? undefined : this.#inference.room(origin, signal)
  }
}

function isLarge({ texts }: ScoreCall): boolean {
  return texts.length > fewTexts
}
