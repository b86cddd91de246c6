import { expect, it } from 'vitest'
import { defaultTopics, valueSubject } from '../../src/index.ts'

it('names the topics and their subjects', () => {
  expect(defaultTopics).toEqual({
    texts: 'sentiment.texts.v1',
    scores: 'sentiment.scores.v1',
    deadLetters: 'sentiment.dead-letters.v1',
  })
  expect(valueSubject(defaultTopics.texts)).toBe('sentiment.texts.v1-value')
})
