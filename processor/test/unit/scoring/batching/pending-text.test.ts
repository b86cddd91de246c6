import { expect, test } from 'vitest'
import {
  type DropReason,
  type InferenceResult,
  PendingText,
  type Waiter,
} from '../../../../src/scoring/batching/pending-text.ts'

const encoded = { ids: Int32Array.of(1, 2, 3), truncated: false }
const score = { probabilities: [1], tokens: 3, truncated: false }

function waiter(change: Partial<Waiter> = {}): Waiter & { answers: InferenceResult[] } {
  const answers: InferenceResult[] = []
  return {
    origin: 'http',
    deadline: undefined,
    signal: undefined,
    enqueuedAt: 0,
    answers,
    answer: (outcome) => answers.push(outcome),
    ...change,
  }
}

function entryWith(...waiters: Waiter[]): PendingText {
  const entry = new PendingText('key', encoded, 0)
  for (const one of waiters) entry.join(one)
  return entry
}

test('everybody who asked gets the answer, once', () => {
  const [first, second] = [waiter(), waiter({ origin: 'kafka' })]
  const entry = entryWith(first, second)
  entry.take()
  entry.settle(score)
  entry.settle(score)
  expect(first.answers).toEqual([score])
  expect(second.answers).toEqual([score])
})

test('an waiter whose deadline passed is sent away, the others stay', () => {
  const [late, patient] = [waiter({ deadline: 10 }), waiter()]
  const entry = entryWith(late, patient)
  const drops: DropReason[] = []
  entry.dismissLate(9, (reason) => drops.push(reason))
  expect(late.answers).toEqual([])
  entry.dismissLate(10, (reason) => drops.push(reason))
  expect(late.answers).toEqual([expect.objectContaining({ code: 'VAL_DEADLINE_EXCEEDED' })])
  expect(drops).toEqual(['deadline'])
  expect(entry.state).toBe('waiting')
  entry.take()
  entry.settle(score)
  expect(late.answers).toHaveLength(1)
  expect(patient.answers).toEqual([score])
})

test('an entry that nobody wants any more is dropped', () => {
  const controller = new AbortController()
  const left = waiter({ signal: controller.signal })
  const entry = entryWith(left)
  controller.abort()
  const states: string[] = []
  entry.dismissLate(0, (reason) => states.push(`${reason} ${entry.state}`))
  expect(left.answers).toEqual([expect.objectContaining({ code: 'VAL_REQUEST_ABANDONED' })])
  expect(states).toEqual(['abandoned dropped'])
})

test('what is already in a batch is not dropped', () => {
  const late = waiter({ deadline: 1 })
  const entry = entryWith(late)
  entry.take()
  entry.dismissLate(5, () => undefined)
  expect(late.answers).toEqual([])
})

interface Change {
  readonly state: string
  readonly when: string
  readonly before: (entry: PendingText) => void
  readonly change: (entry: PendingText) => void
}

function drop(entry: PendingText): void {
  entry.join(waiter({ deadline: 0 }))
  entry.dismissLate(1, () => undefined)
}

const impossible: readonly Change[] = [
  { state: 'settled', when: 'while it waits', before: () => undefined, change: (entry) => entry.settle(score) },
  { state: 'taken', when: 'by a second queue', before: (entry) => entry.take(), change: (entry) => entry.take() },
  { state: 'taken', when: 'when it was dropped', before: drop, change: (entry) => entry.take() },
  { state: 'settled', when: 'when it was dropped', before: drop, change: (entry) => entry.settle(score) },
]

test.each(impossible)('a text cannot be $state $when', ({ state, before, change }) => {
  const entry = entryWith()
  before(entry)
  expect(() => change(entry)).toThrow(`cannot become ${state}`)
})
