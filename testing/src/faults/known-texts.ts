import type { AcknowledgedText, Attribution } from '../counting/invariants.ts'
import { tinyLabels, tinyLogits, tinyVocabulary } from '../models/tiny-model.ts'

const words = ['ok', 'good', 'great', 'bad', 'awful'] as const
const wordsPerText = 9

/** The number written with five words for digits, so that no two texts are the same. */
function textOf(number: number): string {
  return Array.from(
    { length: wordsPerText },
    (_, place) => words[Math.floor(number / words.length ** place) % words.length],
  ).join(' ')
}

const keys = 50

/** `count` texts, each with an id of its own, made of words whose scores by the tiny model are known by heart. */
export function knownTexts(count: number, distinct = count): AcknowledgedText[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `id-${index}`,
    key: `key-${index % keys}`,
    text: textOf(index % distinct),
  }))
}

function knownScores(text: string): number[] {
  const ids = text.split(' ').map((word) => tinyVocabulary[word as keyof typeof tinyVocabulary])
  const weights = tinyLogits(ids).map(Math.exp)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}

/** Whether the tiny model gives the text these scores. */
export const hasKnownScores: Attribution = (text, scores) =>
  knownScores(text).every((score, index) => {
    const label = tinyLabels[index]?.name ?? ''
    return Math.abs(score - (scores[label] ?? Number.NaN)) < 1e-4
  })
