import { tinyLabels } from '@valence/testing/models/tiny-model'
import { expect, test } from 'vitest'
import { toSentiment } from '../../../src/scoring/text-score.ts'

test('a score becomes a sentiment with the names of its model', () => {
  const model = { name: 'tiny', version: '1', sha256: 'abcdefabcdef' }
  expect(toSentiment({ probabilities: [0.5, 0.5, 0], tokens: 7, truncated: true }, tinyLabels, model)).toEqual({
    label: 'negative',
    scores: { negative: 0.5, neutral: 0.5, positive: 0 },
    valence: -0.5,
    tokens: 7,
    truncated: true,
    model,
  })
})
