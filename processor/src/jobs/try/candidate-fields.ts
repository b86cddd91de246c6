import { digitsOf, type FieldPath, formatFieldPath, maxOccurredAt, minOccurredAt, parseIsoTime } from '@valence/schemas'

/** A field that could hold the texts. */
export interface CandidateField {
  readonly path: FieldPath
  /** Records of the sample that have a string there. */
  readonly records: number
  /** Words in each, on average. */
  readonly words: number
  readonly example: string
}

export interface Candidates {
  /** Fields with sentences, the likeliest first. */
  readonly texts: readonly CandidateField[]
  readonly id: FieldPath | undefined
  readonly occurredAt: FieldPath | undefined
}

/** Deeper values are not looked at. */
const maxDepth = 8
const maxTexts = 5
/** Fewer words are a name or a code more often than a sentence. */
const minWords = 2.5
const earliestLikely = Date.parse('2000-01-01T00:00:00Z')
const latestLikely = Date.parse('2100-01-01T00:00:00Z')

type Scalar = string | number | bigint | boolean

interface Leaf {
  readonly path: FieldPath
  readonly values: Scalar[]
}

/** Guesses by the values of a sample which fields hold texts, ids and times. JSON is parsed by `parseExactly`. */
export function findCandidates(values: readonly unknown[]): Candidates {
  const leaves = collectLeaves(values)
  const texts = leaves
    .map(describeText)
    .filter(({ words }) => words >= minWords)
    .sort((a, b) => b.words * b.records - a.words * a.records)
    .slice(0, maxTexts)
  const others = leaves.filter(({ path }) => !texts.some((text) => text.path === path))
  return {
    texts,
    id: likeliest(others, (leaf) => idLikeness(leaf, values.length, texts[0]?.path ?? [])),
    occurredAt: likeliest(others, timeLikeness),
  }
}

function collectLeaves(values: readonly unknown[]): Leaf[] {
  const leaves = new Map<string, Leaf>()
  for (const [path, value] of values.flatMap((root) => [...leavesOf(root, [])])) {
    const name = formatFieldPath(path)
    const leaf = leaves.get(name) ?? { path, values: [] }
    leaf.values.push(value)
    leaves.set(name, leaf)
  }
  return [...leaves.values()]
}

function* leavesOf(value: unknown, path: FieldPath): Generator<readonly [FieldPath, Scalar]> {
  if (value === null || value === undefined || value instanceof Uint8Array || path.length > maxDepth) return
  const digits = digitsOf(value)
  if (digits !== value) yield [path, numberOf(digits as string)]
  else if (typeof value !== 'object') yield [path, value as Scalar]
  // Of a list the first item speaks for all.
  else if (Array.isArray(value)) yield* leavesOf(value[0], [...path, 0])
  else for (const [name, own] of Object.entries(value)) yield* leavesOf(own, [...path, name])
}

/** Whole numbers as bigints: ids of 64 bits that differ in their last digits are the same as doubles. */
function numberOf(digits: string): number | bigint {
  return /^-?\d+$/.test(digits) ? BigInt(digits) : Number(digits)
}

function describeText({ path, values }: Leaf): CandidateField {
  const strings = values.filter((value) => typeof value === 'string')
  const words = strings.reduce((sum, text) => sum + countWords(text), 0) / Math.max(1, strings.length)
  const example = strings.toSorted((a, b) => b.length - a.length)[Math.floor(strings.length / 2)] ?? ''
  return { path, records: strings.length, words, example }
}

/** Runs of letters between spaces; addresses, times and encoded data have none. Scripts without spaces count by characters. */
function countWords(text: string): number {
  const words = text
    .split(/\s+/)
    .filter((word) => /^[\p{P}\p{S}]*\p{L}[\p{L}\p{M}\p{P}]*$/u.test(word) && !/[/=_@]/.test(word))
  const unspaced = text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/gu) ?? []
  return words.length + unspaced.length / 2
}

function likeliest(leaves: readonly Leaf[], likeness: (leaf: Leaf) => number): FieldPath | undefined {
  const ranked = leaves
    .map((leaf) => ({ leaf, score: likeness(leaf) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.leaf.path.length - b.leaf.path.length)
  return ranked[0]?.leaf.path
}

const samePath = (a: FieldPath, b: FieldPath) => a.length === b.length && a.every((part, index) => part === b[index])
const lastName = (path: FieldPath) => String(path.findLast((part) => typeof part === 'string') ?? '')

/** Every record has one, no two the same, and the name says so. One beside the text is more likely its own. */
function idLikeness({ path, values }: Leaf, records: number, text: FieldPath): number {
  if (values.length < records || new Set(values).size < values.length) return 0
  const name = lastName(path)
  const isExact = /^_?(id|uuid|guid)$/i.test(name)
  if (!isExact && !/(_|\b)(id|uuid|guid|key)$|[a-z](Id|ID|Uuid|Key)$/.test(name)) return 0
  const isBeside = samePath(path.slice(0, -1), text.slice(0, -1))
  return (isExact ? 2 : 1) + (isBeside ? 2 : 0)
}

/** Times of this century in milliseconds or in ISO 8601. */
function timeLikeness({ path, values }: Leaf): number {
  const name = lastName(path)
  const isNamed = /time|date|(^|_)(at|ts)($|_)|[a-z](At|Ts)$/i.test(name)
  return isNamed && values.every(isLikelyTime) ? values.length : 0
}

function isLikelyTime(value: Scalar): boolean {
  const ms = typeof value === 'string' ? parseIsoTime(value) : Number(value)
  return ms >= Math.max(earliestLikely, minOccurredAt) && ms <= Math.min(latestLikely, maxOccurredAt)
}
