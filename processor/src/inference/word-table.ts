/** Ids of a word: most have one, the others are kept as a list. */
export type WordIds = number | readonly number[]

/** Numbers of a slot: the word's hash, where its characters begin, how many there are, and its id or the list's place. */
const stride = 4
/** FNV-1a of 32 bits: its offset basis here, its prime in `hashOn`. */
const hashSeed = 0x811c9dc5
/** Characters of a word. Chosen: no vocabulary has longer ones. */
const longest = 255

/** Takes one character more into the hash of a word. */
export function hashOn(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193)
}

function hashOf(word: string): number {
  let hash = hashSeed
  for (let at = 0; at < word.length; at++) hash = hashOn(hash, word.charCodeAt(at))
  return hash
}

/**
 * Words of ASCII and their ids, found where they stand in a text: nothing is cut out of it. A `Map` of strings did the
 * same with a string for each word and its entries all over the heap, which the runs of the graph keep out of the CPU's
 * caches; this is one array.
 */
export class WordTable {
  static readonly seed = hashSeed
  readonly #slots: Int32Array
  readonly #mask: number
  readonly #chars: Uint8Array
  readonly #lists: (readonly number[])[] = []
  #used = 0
  #words = 0
  readonly #capacity: number

  /** @param capacity words it may hold; it is half empty then */
  constructor(capacity: number, characters: number) {
    this.#capacity = capacity
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, capacity * 2)))
    this.#mask = size - 1
    this.#slots = new Int32Array(size * stride)
    this.#chars = new Uint8Array(characters)
  }

  /** Keeps a word; false where it cannot: too long, not ASCII, or no room. */
  add(word: string, ids: WordIds): boolean {
    const { length } = word
    if (length === 0 || length > longest || this.#words >= this.#capacity) return false
    if (this.#used + length > this.#chars.length) return false
    for (let at = 0; at < length; at++) if (word.charCodeAt(at) > 127) return false
    const hash = hashOf(word)
    let slot = hash & this.#mask
    while (this.#slots[slot * stride + 2] !== 0) slot = (slot + 1) & this.#mask
    for (let at = 0; at < length; at++) this.#chars[this.#used + at] = word.charCodeAt(at)
    const value = typeof ids === 'number' ? ids : -this.#lists.push(ids)
    this.#slots.set([hash, this.#used, length, value], slot * stride)
    this.#used += length
    this.#words++
    return true
  }

  /**
   * The ids of text[start, end), whose characters are folded by `fold` before they are compared, as they were for `hash`.
   */
  find(text: string, start: number, end: number, hash: number, fold: Uint8Array): WordIds | undefined {
    const slots = this.#slots
    const length = end - start
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * stride
      const found = slots[at + 2] as number
      if (found === 0) return undefined
      if (found !== length || slots[at] !== hash || !this.#equals(slots[at + 1] as number, text, start, end, fold))
        continue
      const value = slots[at + 3] as number
      return value >= 0 ? value : this.#lists[-value - 1]
    }
  }

  #equals(from: number, text: string, start: number, end: number, fold: Uint8Array): boolean {
    const chars = this.#chars
    for (let at = start, own = from; at < end; at++, own++) {
      if (chars[own] !== fold[text.charCodeAt(at)]) return false
    }
    return true
  }
}
