import { isValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { openCliScorer } from '../scoring/in-process-scorer.ts'
import type { GivenTexts } from '../text-files/given-texts.ts'
import { lookAhead } from '../text-files/look-ahead.ts'
import { type ScoredItem, scoreItems } from '../text-files/score-items.ts'
import type { Job } from './job.ts'

export interface ScoredTexts {
  /** Texts with an outcome, failed ones included. */
  readonly done: number
  /** Texts whose outcome is an error. */
  readonly failed: number
}

/**
 * Scores texts in input order with a new engine, and passes each block of outcomes to `onScored`. The next block waits
 * for its promise. Ends early when the signal aborts. @throws VAL_MODEL_*
 */
export async function scoreTexts(
  config: Config,
  { signal, progress }: Pick<Job, 'signal' | 'progress'>,
  texts: GivenTexts,
  onScored: (block: readonly ScoredItem[]) => Promise<void>,
): Promise<ScoredTexts> {
  const { amount, items } = await lookAhead(texts.items)
  const engine = await openCliScorer(config, amount)
  progress.start(texts.totalBytes)
  let [done, failed] = [0, 0]
  try {
    for await (const block of scoreItems(engine.scorer, items, signal)) {
      await onScored(block)
      done += block.length
      failed += block.filter(({ outcome }) => isValenceError(outcome)).length
      progress.update(block.at(-1)?.item.end ?? 0, done)
    }
  } finally {
    await engine.close()
  }
  return { done, failed }
}
