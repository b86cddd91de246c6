import { tinyLabels } from '@valence/testing/models/tiny-model'
import { describe, expect, test } from 'vitest'
import { probabilities, readScores } from '../../../src/inference/logits.ts'

describe('probabilities', () => {
  test('are the softmax of one row among several', () => {
    const logits = Float32Array.of(0, 0, 0, 1, 2, 3)
    const values = probabilities(logits, 1, 3, { temperature: 1 })
    const sum = Math.exp(1) + Math.exp(2) + Math.exp(3)
    expect(values).toEqual([1, 2, 3].map((value) => expect.closeTo(Math.exp(value) / sum, 12)))
    expect(probabilities(logits, 0, 3, { temperature: 1 })).toEqual([1 / 3, 1 / 3, 1 / 3])
  })

  test('add the bias, then divide by the temperature', () => {
    const values = probabilities(Float32Array.of(1, 0), 0, 2, { temperature: 2, logitBias: [0, 3] })
    expect(values[1]).toBeCloseTo(1 / (1 + Math.exp(-1)), 12)
  })

  test('survive logits that would overflow an exponential', () => {
    expect(probabilities(Float32Array.of(1e6, -1e6), 0, 2, { temperature: 1 })).toEqual([1, 0])
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('refuse the logit %s', (value) => {
    expect(() => probabilities(Float32Array.of(0, value), 0, 2, { temperature: 1 })).toThrow(
      expect.objectContaining({ code: 'VAL_INFERENCE_FAILED' }),
    )
  })

  test('refuse a row that the graph did not give', () => {
    expect(() => probabilities(Float32Array.of(0, 0), 1, 2, { temperature: 1 })).toThrow()
  })
})

describe('readScores', () => {
  test('names the scores and the most probable label, and weighs the polarities', () => {
    const reading = readScores([0.1, 0.2, 0.7], tinyLabels)
    expect(reading.label).toBe('positive')
    expect(reading.scores).toEqual({ negative: 0.1, neutral: 0.2, positive: 0.7 })
    expect(reading.valence).toBeCloseTo(0.6, 12)
  })

  test('takes the first of equal labels', () => {
    expect(readScores([0.4, 0.2, 0.4], tinyLabels).label).toBe('negative')
  })

  test('serves classifiers of other labels', () => {
    const stars = [-1, -0.5, 0, 0.5, 1].map((polarity, index) => ({ name: `${index + 1} stars`, polarity }))
    const reading = readScores([0, 0, 0, 0.5, 0.5], stars)
    expect(reading).toMatchObject({ label: '4 stars', valence: 0.75 })
  })

  test('never leaves the range of a valence, whatever rounding does', () => {
    const labels = Array.from({ length: 10 }, (_, index) => ({ name: `p${index}`, polarity: 1 }))
    expect(readScores(new Array(10).fill(0.1000000000000001), labels).valence).toBe(1)
  })
})
