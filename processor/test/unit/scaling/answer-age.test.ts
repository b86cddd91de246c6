import { expect, it } from 'vitest'
import { AnswerAge } from '../../../src/scaling/answer-age.ts'

it('is of no use before the first answer, and again when answers have been missing for longer than a failover takes', () => {
  let now = 1_000
  const age = new AnswerAge(2_000, () => now)
  expect(age.isCurrent).toBe(false)
  age.answered()
  now += 30_000
  expect(age.isCurrent).toBe(true)
  now += 1
  expect(age.isCurrent).toBe(false)
  age.answered()
  expect(age.isCurrent).toBe(true)
})

it('waits for three questions where these are far between', () => {
  let now = 0
  const age = new AnswerAge(60_000, () => now)
  age.answered()
  now += 180_000
  expect(age.isCurrent).toBe(true)
  now += 1
  expect(age.isCurrent).toBe(false)
})
