import { describe, expect, test } from 'vitest'
import { evaluate, expectedCalibrationError, type Judged } from '../../../src/model/evaluation.ts'

const labels = ['negative', 'neutral', 'positive']

function judged(truth: string, said: string, probability = 0.8): Judged {
  const rest = (1 - probability) / 2
  return { truth, scores: Object.fromEntries(labels.map((label) => [label, label === said ? probability : rest])) }
}

// By hand: negative 2 of 3 found, neutral 1 of 1, positive 1 of 2.
const examples = [
  judged('negative', 'negative'),
  judged('negative', 'negative'),
  judged('negative', 'neutral'),
  judged('neutral', 'neutral'),
  judged('positive', 'positive'),
  judged('positive', 'negative'),
]

describe('evaluate', () => {
  const result = evaluate(labels, examples)

  test('counts what was right', () => {
    expect(result.n).toBe(6)
    expect(result.accuracy).toBeCloseTo(4 / 6, 12)
    expect(result.confusion).toEqual({
      negative: { negative: 2, neutral: 1, positive: 0 },
      neutral: { negative: 0, neutral: 1, positive: 0 },
      positive: { negative: 1, neutral: 0, positive: 1 },
    })
  })

  test('gives precision, recall and F1 of each class', () => {
    expect(result.perClass.negative).toMatchObject({ precision: 2 / 3, recall: 2 / 3, support: 3 })
    expect(result.perClass.neutral).toMatchObject({ precision: 1 / 2, recall: 1, support: 1 })
    expect(result.perClass.positive).toMatchObject({ precision: 1, recall: 1 / 2, support: 2 })
    expect(result.perClass.neutral?.f1).toBeCloseTo(2 / 3, 12)
  })

  test('takes the means over the classes, each counting the same', () => {
    expect(result.macroRecall).toBeCloseTo((2 / 3 + 1 + 1 / 2) / 3, 12)
    expect(result.macroF1).toBeCloseTo((2 / 3 + 2 / 3 + 2 / 3) / 3, 12)
  })

  test('leaves classes that do not occur out of the means', () => {
    const two = evaluate(labels, [judged('negative', 'negative'), judged('positive', 'neutral')])
    expect(two.macroRecall).toBe(0.5)
    expect(two.perClass.neutral).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 })
  })

  test('says zero of no examples', () => {
    expect(evaluate(labels, [])).toMatchObject({ n: 0, accuracy: 0, macroRecall: 0, macroF1: 0, ece: 0 })
  })
})

describe('expectedCalibrationError', () => {
  const answers = (count: number, right: number, probability: number) =>
    Array.from({ length: count }, (_, index) => ({ probability, right: index < right }))

  test('is nothing for a model that is right as often as it says', () => {
    expect(expectedCalibrationError(answers(10, 8, 0.8))).toBeCloseTo(0, 12)
  })

  test('is the gap for one that is not', () => {
    expect(expectedCalibrationError(answers(10, 5, 0.8))).toBeCloseTo(0.3, 12)
  })

  test('weighs the bins by their examples, and errors on both sides do not cancel out', () => {
    const both = [...answers(30, 30, 0.9), ...answers(10, 2, 0.6)]
    expect(expectedCalibrationError(both)).toBeCloseTo((30 * 0.1 + 10 * 0.4) / 40, 12)
  })

  test('puts certainty into the last bin', () => {
    expect(expectedCalibrationError([...answers(1, 1, 1), ...answers(1, 0, 0.99)])).toBeCloseTo((1.99 - 1) / 2, 12)
  })
})
