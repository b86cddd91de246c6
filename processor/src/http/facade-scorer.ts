import type { Verdict } from '../domain/verdict.ts'
import type { TraceContext } from '../observability/trace-context.ts'
import type { Scorer } from '../scoring/scorer.ts'
import type { Admission } from './limits/admission.ts'

/** When the caller stops waiting. */
export interface RequestDeadline {
  /** Epoch milliseconds. */
  readonly deadline: number
  readonly signal: AbortSignal
  readonly traceContextOf?: () => TraceContext | undefined
}

/** The scorer behind admission control: a request is admitted or refused at once; long batches are scored in slices. */
export interface FacadeScorer {
  /** @throws VAL_HTTP_OVERLOADED */
  score(text: string, deadline: RequestDeadline): Promise<Verdict>
  /** One verdict a text, in order. @throws VAL_HTTP_OVERLOADED */
  scoreAll(texts: readonly string[], deadline: RequestDeadline): Promise<Verdict[]>
  /** False while every call to the engine fails. */
  canScore(): boolean
}

export interface FacadeScorerOptions {
  readonly scorer: Scorer
  readonly admission: Admission
  /** Texts of a batch that are admitted and scored at a time: the texts of one full batch (decision 5). */
  readonly sliceTexts?: number
  readonly now?: () => number
}

/** After a failure the engine counts as unable for this long, unless a call succeeds. Chosen, not measured. */
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
