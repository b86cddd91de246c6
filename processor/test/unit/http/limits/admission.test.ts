import { describe, expect, it } from 'vitest'
import { Admission } from '../../../../src/http/limits/admission.ts'

/** A hundred texts at most; the limit moves with every answer. */
function adapting(options: { minTexts?: number } = {}) {
  let now = 0
  const admission = new Admission({ maxTexts: 100, targetMs: 50, now: () => now, ...options })
  const answer = (elapsedMs: number) => {
    now += 100
    admission.observe(elapsedMs)
  }
  return { admission, answer, advance: (ms: number) => (now += ms) }
}

describe('Admission', () => {
  it('lets in what there is room for, and refuses the rest at once', () => {
    const admission = new Admission({ maxTexts: 10 })
    admission.admit(6)
    expect(() => admission.admit(5)).toThrow(expect.objectContaining({ code: 'VAL_HTTP_OVERLOADED' }))
    expect(admission).toMatchObject({ texts: 6, isFull: false })
    admission.admit(4)
    expect(admission).toMatchObject({ texts: 10, isFull: true })
  })

  it('lets more texts than there ever is room for in alone', () => {
    const admission = new Admission({ maxTexts: 10 })
    const all = admission.admit(50)
    expect(admission.texts).toBe(10)
    all[Symbol.dispose]()
    expect(admission.texts).toBe(0)
    admission.admit(1)
    expect(() => admission.admit(50)).toThrow()
  })

  it('takes room back once, and tells of every change', () => {
    const seen: number[] = []
    const admission = new Admission({ maxTexts: 10, onChange: (texts) => seen.push(texts) })
    const held = admission.admit(3)
    held[Symbol.dispose]()
    held[Symbol.dispose]()
    expect(seen).toEqual([3, 0])
  })

  it('falls by a fifth when answers take longer than the target on average, down to the least', () => {
    const { admission, answer } = adapting({ minTexts: 70 })
    answer(51)
    expect(admission.limit).toBe(80)
    answer(51)
    expect(admission.limit).toBe(70)
  })

  it('averages over a tenth of a second', () => {
    const { admission, advance } = adapting()
    advance(99)
    admission.observe(80)
    expect(admission.limit).toBe(100)
    advance(1)
    admission.observe(20)
    // 50 ms on average are the target.
    expect(admission.limit).toBe(100)
    advance(100)
    admission.observe(51)
    expect(admission.limit).toBe(80)
  })

  it('grows by a tenth when answers are quick and nine tenths of the room were taken, up to the most', () => {
    const { admission, answer } = adapting()
    for (const _ of [1, 2]) answer(51)
    expect(admission.limit).toBe(64)
    admission.admit(58)
    answer(37)
    expect(admission.limit).toBeCloseTo(70.4)
    admission.admit(10)
    answer(37)
    expect(admission.limit).toBeCloseTo(77.4, 1)
    for (const _ of [1, 2, 3, 4]) {
      admission.admit(Math.floor(admission.limit) - admission.texts)
      answer(37)
    }
    expect(admission.limit).toBe(100)
  })

  it('does not grow while nobody uses the room, or while answers are near the target', () => {
    const { admission, answer } = adapting()
    answer(51)
    admission.admit(71)
    answer(1)
    expect(admission.limit).toBe(80)
    admission.admit(9)
    answer(38)
    expect(admission.limit).toBe(80)
    answer(37)
    expect(admission.limit).toBe(88)
  })

  it('does not move without a target', () => {
    const admission = new Admission({ maxTexts: 10, now: manualNow() })
    for (const _ of [1, 2, 3]) admission.observe(1e9)
    expect(admission.limit).toBe(10)
  })
})

/** A second later each time. */
function manualNow(): () => number {
  let now = 0
  return () => (now += 1_000)
}
