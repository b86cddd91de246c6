/** Greedy longest-match WordPiece, as BERT defines it, with bounded work per word. */
export interface WordPieceVocabulary {
  readonly pieces: ReadonlyMap<string, number>
  readonly unknownToken: string
  readonly prefix: string
  readonly maxCharsPerWord: number
}

export interface WordPiece {
  /** The pieces of one word; the unknown token if it cannot be split. */
  split(word: string): string[]
  /** The pieces of all words, up to `limit`. */
  tokens(words: readonly string[], limit: number): string[]
}

function longestPiece(pieces: ReadonlyMap<string, number>): number {
  let longest = 1
  for (const piece of pieces.keys()) longest = Math.max(longest, piece.length)
  return longest
}

/**
 * Splits words into pieces. A piece is at most as long as the longest one of the vocabulary, so a word costs its length
 * times that length, not its length squared.
 */
export function createWordPiece(vocabulary: WordPieceVocabulary): WordPiece {
  const { pieces, unknownToken, prefix, maxCharsPerWord } = vocabulary
  const reach = longestPiece(pieces)

  function pieceAt(word: string, start: number): { piece: string; end: number } | undefined {
    const lead = start > 0 ? prefix : ''
    for (let end = Math.min(word.length, start + reach); end > start; end--) {
      const piece = lead + word.slice(start, end)
      if (pieces.has(piece)) return { piece, end }
    }
    return undefined
  }

  function split(word: string): string[] {
    // A character has one or two UTF-16 code units, so characters are counted only near the limit.
    if (word.length > 2 * maxCharsPerWord) return [unknownToken]
    if (word.length > maxCharsPerWord && [...word].length > maxCharsPerWord) return [unknownToken]
    if (pieces.has(word)) return [word]
    const parts: string[] = []
    for (let start = 0; start < word.length; ) {
      const found = pieceAt(word, start)
      if (!found) return [unknownToken]
      parts.push(found.piece)
      start = found.end
    }
    return parts
  }

  function tokens(words: readonly string[], limit: number): string[] {
    const all: string[] = []
    for (const word of words) {
      if (all.length >= limit) break
      all.push(...split(word))
    }
    return all
  }

  return { split, tokens }
}
