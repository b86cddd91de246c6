import type { Verdict } from '../domain/verdict.ts'
import type { TraceContext } from '../observability/trace-context.ts'
import type { Scorer } from '../scoring/scorer.ts'
import type { Admission } from './limits/admission.ts'

/** How long an answer is worth something. */
export interface RequestDeadline {
  /** Epoch milliseconds. */
  readonly deadline: number
  readonly signal: AbortSignal
  readonly traceContextOf?: () => TraceContext | undefined
}

/** The scorer as HTTP uses it: admitted or refused at once, long batches in slices. */
export interface FacadeScorer {
  /** @throws VAL_HTTP_OVERLOADED */
  score(text: string, deadline: RequestDeadline): Promise<Verdict>
  /** One verdict a text, in order. @throws VAL_HTTP_OVERLOADED */
  scoreAll(texts: readonly string[], deadline: RequestDeadline): Promise<Verdict[]>
  /** False while the engine fails whatever it is given. */
  canScore(): boolean
}

export interface FacadeScorerOptions {
  readonly scorer: Scorer
  readonly admission: Admission
  /** A long batch holds room for this many texts and gives them to the scorer in as many at a time. */
  readonly sliceTexts?: number
  readonly now?: () => number
}

/** Time after which a failing engine is believed to be able again, until it fails again. */
const distrustMs = 5_000

export function createFacadeScorer(options: FacadeScorerOptions): FacadeScorer {
  const { scorer, admission, sliceTexts = 16, now = Date.now } = options
  let failedAt = Number.NEGATIVE_INFINITY

  function watch(verdicts: readonly Verdict[]): void {
    for (const verdict of verdicts) {
      if (verdict.kind === 'scored') failedAt = Number.NEGATIVE_INFINITY
      else if (verdict.error.row.engine) failedAt = now()
    }
  }

  async function scoreAll(texts: readonly string[], deadline: RequestDeadline): Promise<Verdict[]> {
    using _room = admission.admit(Math.min(texts.length, sliceTexts))
    const verdicts: Verdict[] = []
    for (let start = 0; start < texts.length; start += sliceTexts) {
      const slice = texts.slice(start, start + sliceTexts)
      const startedAt = performance.now()
      verdicts.push(...(await scorer.scoreAll(slice, { origin: 'http', ...deadline })))
      admission.observe(performance.now() - startedAt)
    }
    watch(verdicts)
    return verdicts
  }

  return {
    scoreAll,
    async score(text, deadline) {
      const [verdict] = await scoreAll([text], deadline)
      return verdict as Verdict
    },
    canScore: () => now() - failedAt > distrustMs,
  }
}
