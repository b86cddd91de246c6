import { ValenceError } from '@valence/schemas'
import { turns } from '@valence/testing/inputs/manual-clock'
import { expect, test } from 'vitest'
import { failed } from '../../../src/domain/verdict.ts'
import { ScoreCall } from '../../../src/scoring/score-call.ts'

const verdict = (detail: string) => failed(new ValenceError('VAL_TEXT_EMPTY', detail))
const details = (call: ScoreCall) =>
  call.verdicts().map((given) => (given.kind === 'scored' ? '' : (given.error.detail ?? given.error.code)))

test('a call is inferred once every text that went into inference has its verdict', async () => {
  const call = new ScoreCall(['a', 'b', 'c'], { origin: 'kafka' })
  let isOver = false
  const answers = [call.begin(0), call.begin(2)]
  void call.whenInferred().then(() => {
    isOver = true
  })
  answers[1]?.(verdict('third'))
  await turns()
  expect(isOver).toBe(false)
  expect(call.isComplete).toBe(false)
  answers[0]?.(verdict('first'))
  await turns()
  expect(isOver).toBe(true)
  expect(call.isComplete).toBe(false)
  call.answer(1, verdict('second'))
  expect(call.isComplete).toBe(true)
  expect(details(call)).toEqual(['first', 'second', 'third'])
})

test('a call of which nothing is in inference is inferred at once', async () => {
  const call = new ScoreCall(['a'], { origin: 'http' })
  await call.whenInferred()
  call.begin(0)(verdict('first'))
  await call.whenInferred()
  expect(new ScoreCall([], { origin: 'http' }).isComplete).toBe(true)
})

test('texts without a verdict are abandoned ones', () => {
  const controller = new AbortController()
  const call = new ScoreCall(['a', 'b'], { origin: 'http', signal: controller.signal })
  expect(call.isAbandoned).toBe(false)
  controller.abort()
  expect(call.isAbandoned).toBe(true)
  call.answer(1, verdict('second'))
  expect(details(call)).toEqual(['VAL_REQUEST_ABANDONED', 'second'])
})
