import type { WordPiece } from './word-piece.ts'
import { hashOn, type WordIds, WordTable } from './word-table.ts'

/** The parts of a tokenizer.json that decide whether the fast path for plain text applies. */
export interface NormalizerDefinition {
  readonly type?: string
  readonly lowercase?: boolean
  readonly normalizers?: readonly NormalizerDefinition[]
}

export interface PlainTextParts {
  readonly normalizer: NormalizerDefinition | null
  /** Applies the library's normalizers that precede BERT's own. */
  readonly replace: (text: string) => string
  /** Tokens that are searched for in the unchanged text, like `[SEP]`. */
  readonly addedTokens: readonly string[]
  readonly pieces: ReadonlyMap<string, number>
  readonly wordPiece: WordPiece
}

/** Token ids without special tokens, at least `limit` if the text has so many; undefined if the text is not plain. */
export type PlainTextEncoder = (text: string, limit: number) => number[] | undefined

/**
 * Size of the cache of words with several pieces, in characters: a few thousand such words recur. Chosen, not measured.
 */
const keptWords = 16_384
const keptLength = 12

/** Character classes of BERT's pre-tokenizer: part of a word, a word by itself, between words; 0: not plain. */
const [wordPart, alone, gap] = [1, 2, 3]

const kinds = new Uint8Array(128)
for (const code of [9, 10, 13, 32]) kinds[code] = gap
for (let code = 33; code < 127; code++) kinds[code] = /[A-Za-z0-9]/.test(String.fromCharCode(code)) ? wordPart : alone

/** The end of the text separates words like white space. */
function kindAt(text: string, at: number): number {
  return at < text.length ? (kinds[text.charCodeAt(at)] ?? 0) : gap
}

function append(ids: number[], found: WordIds): void {
  if (typeof found === 'number') ids.push(found)
  else ids.push(...found)
}

function foldTable(lowercase: boolean): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, code) => (lowercase && code >= 65 && code <= 90 ? code + 32 : code))
}

/** The ids of the words of a text, in place. */
class Words {
  readonly #parts: PlainTextParts
  readonly #lowercase: boolean
  readonly fold: Uint8Array
  #table: WordTable

  constructor(parts: PlainTextParts, lowercase: boolean) {
    this.#parts = parts
    this.#lowercase = lowercase
    this.fold = foldTable(lowercase)
    this.#table = this.#vocabulary()
  }

  idsOf(text: string, start: number, end: number, hash: number): WordIds {
    return this.#table.find(text, start, end, hash, this.fold) ?? this.#split(text.slice(start, end))
  }

  #vocabulary(): WordTable {
    const { pieces } = this.#parts
    const characters = [...pieces.keys()].reduce((sum, { length }) => sum + length, 0)
    const table = new WordTable(pieces.size + keptWords, characters + keptWords * keptLength)
    for (const [piece, id] of pieces) table.add(piece, id)
    return table
  }

  #split(original: string): readonly number[] {
    const { pieces, wordPiece } = this.#parts
    const word = this.#lowercase ? original.toLowerCase() : original
    const ids = wordPiece.split(word).map((piece) => pieces.get(piece) as number)
    if (word.length > keptLength || this.#table.add(word, ids)) return ids
    this.#table = this.#vocabulary()
    return ids
  }
}

/**
 * Fast path for ASCII text. Most English text is ASCII after the library's normalizers have replaced quotes and emoji.
 * It is faster because the library's BERT normalizer processes each character separately, its pre-tokenizer creates a
 * string per word, and its `encode` builds more than ids. A test compares the ids with those of the library.
 */
export function createPlainTextEncoder(parts: PlainTextParts): PlainTextEncoder {
  const { normalizer, replace, addedTokens } = parts
  const last = normalizer?.type === 'Sequence' ? normalizer.normalizers?.at(-1) : normalizer
  if (last?.type !== 'BertNormalizer') return () => undefined
  const words = new Words(parts, last.lowercase ?? false)
  const { fold } = words

  function scan(text: string, limit: number): number[] | undefined {
    const ids: number[] = []
    for (let at = 0; at < text.length && ids.length < limit; ) {
      const start = at
      const kind = kindAt(text, at++)
      if (kind === gap) continue
      let hash = hashOn(WordTable.seed, fold[text.charCodeAt(start)] as number)
      while (kind === wordPart && kindAt(text, at) === wordPart) {
        hash = hashOn(hash, fold[text.charCodeAt(at++)] as number)
      }
      // The library may join a word with an adjacent character that is not plain.
      if (kind === 0 || kindAt(text, at) === 0) return undefined
      append(ids, words.idsOf(text, start, at, hash))
    }
    return ids
  }

  return (text, limit) => {
    if (addedTokens.some((token) => text.includes(token))) return undefined
    return scan(replace(text), limit)
  }
}
