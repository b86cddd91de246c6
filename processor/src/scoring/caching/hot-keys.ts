import type { MemoryCache } from './memory-cache.ts'
import { type ByteStore, decodeScore } from './shared-cache.ts'

export interface HotKeysOptions {
  readonly memory: MemoryCache
  readonly store: ByteStore
  /** Scores of another model are of no use, so each has a list of its own. */
  readonly fingerprint: () => string
  /** Keys remembered. */
  readonly maxKeys?: number
  readonly saveEveryMs?: number
  /** The store connects in the background: how often and how long it is asked for the list. */
  readonly askEveryMs?: number
  readonly askForMs?: number
}

/** How many scores are fetched in one go. Chosen, not measured. */
const chunkKeys = 500

const listKey = (fingerprint: string) => `hot:${fingerprint}`

/**
 * Keeps the list of the keys used last, so that a new process starts with a warm cache. Never fails: without the list or
 * the store, the cache starts empty.
 */
export class HotKeys {
  readonly #options: Required<HotKeysOptions>
  readonly #timer: NodeJS.Timeout
  #closed = false

  constructor(options: HotKeysOptions) {
    // Chosen, not measured.
    this.#options = { maxKeys: 10_000, saveEveryMs: 60_000, askEveryMs: 100, askForMs: 5_000, ...options }
    this.#timer = setInterval(() => this.save(), this.#options.saveEveryMs).unref()
  }

  /** Fetches the scores of the last list; resolves with how many there were. */
  async restore(): Promise<number> {
    const { memory, store } = this.#options
    const keys = await this.#readList()
    let found = 0
    // The hottest last, so that they are the last to be dropped.
    for (let end = keys.length; end > 0 && !this.#closed; end -= chunkKeys) {
      const chunk = keys.slice(Math.max(0, end - chunkKeys), end).reverse()
      const values = await store.getMany(chunk)
      values.forEach((value, index) => {
        const key = chunk[index] as string
        const score = value && decodeScore(key, value)
        if (!score) return
        memory.set(key, score)
        found++
      })
    }
    return found
  }

  /** Writes the list; the store may take it later or never. */
  save(): void {
    const { memory, store, fingerprint, maxKeys } = this.#options
    const keys = memory.hottest(maxKeys)
    if (keys.length > 0) store.setMany([[listKey(fingerprint()), Buffer.from(JSON.stringify(keys))]])
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#timer)
    this.save()
  }

  async #readList(): Promise<string[]> {
    const { store, fingerprint, askEveryMs, askForMs } = this.#options
    const key = listKey(fingerprint())
    for (let asked = 0; asked <= askForMs && !this.#closed; asked += askEveryMs) {
      const [bytes] = await store.getMany([key])
      if (bytes) return parseList(bytes)
      await new Promise((resolve) => setTimeout(resolve, askEveryMs).unref())
    }
    return []
  }
}

/** Undefined for what another version or program wrote. */
function parseList(bytes: Buffer): string[] {
  try {
    const keys: unknown = JSON.parse(bytes.toString('utf8'))
    return Array.isArray(keys) && keys.every((key) => typeof key === 'string') ? keys : []
  } catch {
    return []
  }
}
