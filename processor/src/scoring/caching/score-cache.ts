import { hash } from 'node:crypto'
import type { TextScore } from '../text-score.ts'

/** Scores by key. A cache never throws: a failure is a miss. Only scores are kept, never failures. */
export interface ScoreCache {
  /** The scores in the order of the keys; undefined is a miss. */
  getMany(keys: readonly string[]): Promise<readonly (TextScore | undefined)[]>
  /** Returns at once; the scores may be seen later or never. */
  setMany(entries: readonly (readonly [key: string, score: TextScore])[]): void
  close(): Promise<void>
}

/** The key of a text under a model: two models never share one, and the text itself is never stored. */
export function cacheKey(fingerprint: string, text: string): string {
  return `${fingerprint}:${hash('sha256', text, 'base64url')}`
}
