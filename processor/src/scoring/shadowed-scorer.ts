import type { Sentiment } from '../domain/sentiment.ts'
import type { Scorer } from './scorer.ts'

/** Sees scored texts after their callers were answered. */
export interface ScoreListener {
  /** Returns at once and never throws. */
  offer(text: string, sentiment: Sentiment): void
}

/** The same scorer; what it scored is shown to the listener, where there is one by then. */
export function createShadowedScorer(scorer: Scorer, listener: () => ScoreListener | undefined): Scorer {
  return {
    async score(text, options) {
      const verdict = await scorer.score(text, options)
      if (verdict.kind === 'scored') listener()?.offer(text, verdict.sentiment)
      return verdict
    },
    async scoreAll(texts, options) {
      const verdicts = await scorer.scoreAll(texts, options)
      const watching = listener()
      if (watching) {
        verdicts.forEach((verdict, index) => {
          if (verdict.kind === 'scored') watching.offer(texts[index] as string, verdict.sentiment)
        })
      }
      return verdicts
    },
  }
}
