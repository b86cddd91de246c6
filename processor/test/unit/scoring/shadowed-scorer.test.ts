import { ValenceError } from '@valence/schemas'
import { expect, test, vi } from 'vitest'
import { failed, scored, type Verdict } from '../../../src/domain/verdict.ts'
import { createShadowedScorer } from '../../../src/scoring/shadowed-scorer.ts'

const sentiment = {
  label: 'positive',
  scores: { positive: 1 },
  valence: 1,
  tokens: 3,
  truncated: false,
  model: { name: 'a', version: '1', sha256: 'x' },
}
const verdicts: Verdict[] = [scored(sentiment), failed(new ValenceError('VAL_TEXT_EMPTY'))]
const scorer = { score: async () => verdicts[0] as Verdict, scoreAll: async () => verdicts }

test('shows what was scored, and nothing else, and hands every verdict on as it was', async () => {
  const offer = vi.fn()
  const shadowed = createShadowedScorer(scorer, () => ({ offer }))
  expect(await shadowed.scoreAll(['good', ' '], { origin: 'http' })).toBe(verdicts)
  expect(await shadowed.score('fine', { origin: 'http' })).toBe(verdicts[0])
  expect(offer.mock.calls).toEqual([
    ['good', sentiment],
    ['fine', sentiment],
  ])
})

test('is the scorer itself while nobody looks on', async () => {
  const shadowed = createShadowedScorer(scorer, () => undefined)
  expect(await shadowed.scoreAll(['good', ' '], { origin: 'kafka' })).toBe(verdicts)
  expect(await shadowed.score('good', { origin: 'kafka' })).toBe(verdicts[0])
})
