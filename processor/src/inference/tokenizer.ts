import { Tokenizer as LibraryTokenizer } from '@huggingface/tokenizers'
import { createPlainTextEncoder, type NormalizerDefinition, type PlainTextEncoder } from './plain-text.ts'
import { quickenLibrary, type SlowLibrary, type SlowNormalizer } from './quicken-library.ts'
import { createReplacements, type LibraryNormalizer } from './replacements.ts'
import { RowPool } from './row-pool.ts'
import { createWordPiece, type WordPiece } from './word-piece.ts'

/** Token ids of one text, special tokens included. */
export interface Encoded {
  readonly ids: Int32Array
  /** The text has more tokens than the model's maximum. */
  readonly truncated: boolean
}

export interface Tokenizer {
  /** Never throws for a string; its time is bounded for every text. */
  encode(text: string): Encoded
}

/**
 * Characters read per token of the model's maximum. First the small number is tried; if it gives too few tokens, the
 * large one; if that gives too few as well, the whole text. Ordinary prose needs about five. The number of characters
 * alone must not decide what is truncated, because a tokenizer drops characters (white space, controls, marks) and
 * makes one token of others (a long word).
 */
const charsPerToken = 8
const mostCharsPerToken = 24

/** Maximum run of dropped or merged characters that is read, for tokenizers that are slow on long texts. */
const longestRun = 64
const runs = /[\s\p{C}\p{M}]+/gu

/** BERT makes one unknown token of a longer word; a cut searches this far back for white space. */
const longestWord = 100

/** White space for every tokenizer. Other characters of `\s` are dropped, which joins the words around them. */
const whiteSpace = /[\t\n\r\p{Z}]/u

/**
 * More combining marks on one character than any script uses. Canonical ordering costs the square of their number.
 * Unicode's Stream-Safe Text Format has the same limit of 30 (UAX #15).
 */
const surplusMarks = /(\p{M}{30})\p{M}+/gu

/** The fields of a tokenizer.json that WordPiece needs. */
interface WordPieceModel {
  readonly type?: string
  readonly vocab: Record<string, number>
  readonly unk_token: string
  readonly continuing_subword_prefix?: string
  readonly max_input_chars_per_word?: number
}

/** The part of the library that is used; its own declarations do not resolve under Node's module rules. */
interface Library extends SlowLibrary {
  readonly model: { readonly tokens_to_ids: Map<string, number>; encode(words: string[]): string[] } | null
  readonly normalizer: SlowNormalizer<LibraryNormalizer> | null
  readonly added_tokens: readonly { readonly content: string; readonly normalized: boolean }[]
  encode(text: string, options?: { add_special_tokens?: boolean }): { ids: number[] }
}

/** The fields of a tokenizer.json that are read here. */
interface Definition {
  readonly model: WordPieceModel
  readonly normalizer?: NormalizerDefinition | null
  readonly pre_tokenizer?: { readonly type?: string } | null
}

/** Replaces the library's WordPiece, which is quadratic in the length of a word and does not stop at the limit. */
function boundWordPiece(library: Library, model: WordPieceModel, limit: number): WordPiece | undefined {
  if (!library.model || model.type !== 'WordPiece') return undefined
  const wordPiece = createWordPiece({
    pieces: library.model.tokens_to_ids,
    unknownToken: model.unk_token,
    prefix: model.continuing_subword_prefix ?? '##',
    maxCharsPerWord: model.max_input_chars_per_word ?? 100,
  })
  library.model.encode = (words: string[]) => wordPiece.tokens(words, limit)
  return wordPiece
}

/** Undefined if the fast path does not apply to this tokenizer. */
function plainTextEncoder(
  { normalizer, model, added_tokens: addedTokens }: Library,
  definition: Definition,
  wordPiece: WordPiece | undefined,
): PlainTextEncoder | undefined {
  if (!wordPiece || !model || definition.pre_tokenizer?.type !== 'BertPreTokenizer') return undefined
  if (addedTokens.some(({ normalized }) => normalized)) return undefined
  return createPlainTextEncoder({
    normalizer: definition.normalizer ?? null,
    replace: createReplacements(normalizer?.normalizers?.slice(0, -1) ?? []),
    addedTokens: addedTokens.map(({ content }) => content),
    pieces: model.tokens_to_ids,
    wordPiece,
  })
}

/** The special tokens before and after the tokens of a text: [CLS] and [SEP] for BERT. */
function specialTokens(library: Library): { before: number[]; after: number[] } {
  const bare = library.encode('a', { add_special_tokens: false }).ids
  const full = library.encode('a').ids
  const start = full.findIndex((_, at) => bare.every((id, i) => full[at + i] === id))
  return { before: full.slice(0, start), after: full.slice(start + bare.length) }
}

interface Prefix {
  readonly text: string
  readonly whole: boolean
  /** Number of last tokens that a cut within a word may have changed. */
  readonly doubtful: number
}

/** The longest prefix of at most `limit` UTF-16 code units that ends between words, or at least between characters. */
function prefixOf(text: string, limit: number): Prefix {
  if (text.length <= limit) return { text, whole: true, doubtful: 0 }
  for (let end = limit; end > limit - longestWord; end--) {
    if (whiteSpace.test(text.charAt(end))) return { text: text.slice(0, end), whole: false, doubtful: 0 }
  }
  const last = text.charCodeAt(limit - 1)
  const end = last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit
  return { text: text.slice(0, end), whole: false, doubtful: longestWord }
}

function shortenRuns(text: string): string {
  return text.replace(runs, (run) => (run.length > longestRun ? run.slice(0, longestRun).toWellFormed() : run))
}

/**
 * Creates a tokenizer from a parsed tokenizer.json. It returns at most `maxTokens` ids and always keeps the special
 * tokens. Throws a plain Error if the library does not support the definition.
 */
export function createTokenizer(definition: object, maxTokens: number): Tokenizer {
  const library: Library = new LibraryTokenizer(definition, {})
  quickenLibrary(library)
  const wordPiece = boundWordPiece(library, (definition as Definition).model, maxTokens + longestWord)
  const encodePlain = plainTextEncoder(library, definition as Definition, wordPiece)
  const { before, after } = specialTokens(library)
  const room = maxTokens - before.length - after.length
  if (room < 1) throw new Error(`maxTokens ${maxTokens} leaves no room for the text`)

  const rows = new RowPool()

  function tokensOf({ text, doubtful }: Prefix): number[] {
    const bounded = text.replace(surplusMarks, '$1')
    return encodePlain?.(bounded, maxTokens + doubtful) ?? library.encode(bounded, { add_special_tokens: false }).ids
  }

  /** Our WordPiece is linear in the text; the library's other models can take seconds for 64 KiB. */
  function rest(text: string): Prefix {
    return wordPiece ? prefixOf(text, text.length) : prefixOf(shortenRuns(text), maxTokens * mostCharsPerToken)
  }

  /** At least one token more than fits, if the text has so many, and whether characters were not read. */
  function read(text: string): { tokens: number[]; whole: boolean } {
    for (const chars of [charsPerToken, mostCharsPerToken]) {
      const prefix = prefixOf(text, maxTokens * chars)
      const tokens = tokensOf(prefix)
      if (prefix.whole || tokens.length > room + prefix.doubtful) return { tokens, whole: prefix.whole }
    }
    const prefix = rest(text)
    return { tokens: tokensOf(prefix), whole: prefix.whole }
  }

  return {
    encode(text) {
      const { tokens, whole } = read(text)
      const kept = Math.min(tokens.length, room)
      const ids = rows.cut(before.length + kept + after.length)
      ids.set(before)
      for (let i = 0; i < kept; i++) ids[before.length + i] = tokens[i] as number
      ids.set(after, before.length + kept)
      return { ids, truncated: !whole || tokens.length > kept }
    },
  }
}
