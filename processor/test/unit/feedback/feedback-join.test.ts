import { describe, expect, it } from 'vitest'
import { FeedbackJoin, type FeedbackOutcome, type JoinedFeedback } from '../../../src/feedback/feedback-join.ts'

const scores = { negative: 0.1, neutral: 0.2, positive: 0.7 }

function openJoin({ windowMs = 1_000, windowEvents = 10 } = {}) {
  const outcomes: FeedbackOutcome[] = []
  const joined: JoinedFeedback[] = []
  const observer = {
    counted: (outcome: FeedbackOutcome) => void outcomes.push(outcome),
    joined: (one: JoinedFeedback) => void joined.push(one),
  }
  const join = new FeedbackJoin({ windowMs, windowEvents, observer })
  const score = (id: string, at: number, label = 'positive', version = '1') =>
    join.scored({ id, label, scores, model: { version } }, at)
  const judge = (id: string, at: number, label = 'positive') => join.feedback({ id, label }, at)
  return { join, outcomes, joined, score, judge }
}

describe('feedback joined to scores', () => {
  it('tells right from wrong, by version, truth and answer', () => {
    const { score, judge, outcomes, joined } = openJoin()
    score('a', 0)
    score('b', 0, 'positive', '2')
    judge('a', 300)
    judge('b', 400, 'negative')
    expect(outcomes).toEqual(['right', 'wrong'])
    expect(joined).toEqual([
      { version: '1', truth: 'positive', answer: 'positive', delayMs: 300 },
      { version: '2', truth: 'negative', answer: 'positive', delayMs: 400 },
    ])
  })

  it('takes feedback that comes before its score', () => {
    const { score, judge, outcomes, joined, join } = openJoin()
    judge('a', 0, 'neutral')
    expect([outcomes, join.sizes]).toEqual([[], { scored: 0, feedback: 1 }])
    score('a', 5)
    expect(outcomes).toEqual(['wrong'])
    expect(joined[0]?.delayMs).toBe(0)
    expect(join.sizes.feedback).toBe(0)
  })

  it('judges a text once, though it be scored or judged again', () => {
    const { score, judge, outcomes } = openJoin()
    score('a', 0)
    judge('a', 1)
    judge('a', 2, 'negative')
    score('a', 3, 'negative')
    judge('a', 4)
    expect(outcomes).toEqual(['right', 'repeated', 'repeated'])
  })

  it('counts one of two feedbacks that both wait for their text', () => {
    const { score, judge, outcomes } = openJoin()
    judge('a', 0)
    judge('a', 1, 'negative')
    score('a', 2)
    expect(outcomes).toEqual(['repeated', 'right'])
  })

  it('lets a text be judged again after a label that the model does not know', () => {
    const { score, judge, outcomes, joined } = openJoin()
    score('a', 0)
    judge('a', 1, 'angry')
    judge('a', 2)
    expect(outcomes).toEqual(['unknown-label', 'right'])
    expect(joined).toHaveLength(1)
  })

  it('forgets what is older than the window, and counts feedback that nothing came for', () => {
    const { join, score, judge, outcomes } = openJoin({ windowMs: 100 })
    score('old', 0)
    judge('lonely', 50)
    join.expire(120)
    expect([join.sizes, outcomes]).toEqual([{ scored: 0, feedback: 1 }, []])
    judge('old', 130)
    join.expire(300)
    expect(outcomes).toEqual(['unmatched', 'unmatched'])
    expect(join.sizes).toEqual({ scored: 0, feedback: 0 })
  })

  it('never holds more than the window, of either kind; the oldest go', () => {
    const { join, score, judge, outcomes } = openJoin({ windowEvents: 3 })
    for (let text = 0; text < 100; text += 1) score(`t${text}`, text)
    for (let text = 0; text < 50; text += 1) judge(`nobody-${text}`, 100)
    expect(join.sizes).toEqual({ scored: 3, feedback: 3 })
    expect(outcomes).toEqual(Array(47).fill('unmatched'))
    judge('t99', 101)
    expect(outcomes.at(-1)).toBe('right')
  })

  it('keeps nothing of long ids and tells few labels and versions apart', () => {
    const { join, score, judge, joined, outcomes } = openJoin({ windowEvents: 1_000 })
    const id = 'x'.repeat(100_000)
    score(id, 0)
    judge(id, 1)
    for (let text = 0; text < 200; text += 1) {
      const label = `label-${text}`
      join.scored({ id: `t${text}`, label, scores: { [label]: 1 }, model: { version: `v${text}` } }, 2)
      judge(`t${text}`, 3, label)
    }
    expect(outcomes[0]).toBe('right')
    expect(new Set(joined.map(({ version }) => version)).size).toBeLessThanOrEqual(11)
    expect(new Set(joined.map(({ truth }) => truth)).size).toBeLessThanOrEqual(50)
    expect(outcomes.filter((outcome) => outcome === 'unknown-label').length).toBe(200 - 47)
  })
})
