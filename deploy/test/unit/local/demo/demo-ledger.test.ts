import { describe, expect, it } from 'vitest'
import { coordinates, DemoLedger } from '../../../../local/demo/demo-ledger.ts'

const score = (at: string, label: string, truth?: string) => ({
  at,
  id: at,
  label,
  valence: 0,
  truth,
  scores: { negative: 0, neutral: 0, positive: 0, [label]: 1 },
})

describe('DemoLedger', () => {
  it('names a record by where it lies', () => {
    expect(coordinates({ topic: 't', partition: 3, offset: '7' })).toBe('t-3-7')
  })

  it('counts what went in and what came out', () => {
    const ledger = new DemoLedger()
    for (const at of ['a', 'b', 'c']) ledger.sent(at)
    ledger.scored(score('a', 'positive'))
    ledger.scored(score('b', 'negative'))
    ledger.deadLettered('c', 'VAL_TEXT_EMPTY')
    expect(ledger.summary(1.5)).toEqual({
      produced: 3,
      scored: 2,
      deadLettered: 1,
      lost: 0,
      duplicated: 0,
      seconds: 1.5,
      textsPerSecond: 2,
    })
    expect([...ledger.codes]).toEqual([['VAL_TEXT_EMPTY', 1]])
  })

  it('sees what was lost, and what came out twice, as a score and a dead letter too', () => {
    const ledger = new DemoLedger()
    for (const at of ['a', 'b', 'c', 'd']) ledger.sent(at)
    ledger.scored(score('a', 'positive'))
    ledger.scored(score('a', 'positive'))
    ledger.scored(score('b', 'positive'))
    ledger.deadLettered('b', 'VAL_INFERENCE_FAILED')
    expect(ledger.summary(1)).toMatchObject({ produced: 4, scored: 2, deadLettered: 0, lost: 2, duplicated: 2 })
    expect(ledger.done).toBe(2)
  })

  it('evaluates where the lines carried labels', () => {
    const ledger = new DemoLedger()
    for (const at of ['a', 'b', 'c']) ledger.sent(at)
    ledger.scored(score('a', 'positive', 'positive'))
    ledger.scored(score('b', 'negative', 'positive'))
    ledger.scored(score('c', 'neutral', 'neutral'))
    expect(ledger.summary(1).evaluation).toMatchObject({ n: 3, accuracy: 2 / 3, macroRecall: 0.75 })
  })
})
