import { LRUCache } from 'lru-cache'
import type { TextScore } from '../text-score.ts'
import type { ScoreCache } from './score-cache.ts'

/** What an entry costs beside its numbers: key, objects and the cache's own bookkeeping, as measured. */
const entryBytes = 350
const bytesPerLabel = 8

/** Scores in this process, the least recently used ones dropped first. */
export class MemoryCache implements ScoreCache {
  readonly #entries: LRUCache<string, TextScore>

  /** @param maxBytes memory it may hold, approximately */
  constructor(maxBytes: number) {
    this.#entries = new LRUCache({
      maxSize: maxBytes,
      sizeCalculation: (score) => entryBytes + bytesPerLabel * score.probabilities.length,
    })
  }

  /** Memory held, approximately. */
  get bytes(): number {
    return this.#entries.calculatedSize
  }

  get(key: string): TextScore | undefined {
    return this.#entries.get(key)
  }

  set(key: string, score: TextScore): void {
    this.#entries.set(key, score)
  }

  /** The keys that were asked for or set last, latest first. */
  hottest(count: number): string[] {
    const keys: string[] = []
    for (const key of this.#entries.keys()) {
      if (keys.push(key) >= count) break
    }
    return keys
  }

  async getMany(keys: readonly string[]): Promise<readonly (TextScore | undefined)[]> {
    return keys.map((key) => this.#entries.get(key))
  }

  setMany(entries: readonly (readonly [string, TextScore])[]): void {
    for (const [key, score] of entries) this.#entries.set(key, score)
  }

  async close(): Promise<void> {
    this.#entries.clear()
  }
}
