import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WorkerSlot } from '../../../src/inference/worker-slot.ts'
import type { WorkerThread } from '../../../src/inference/worker-thread.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

interface FakeThread {
  isReady: boolean
  readySince: number | undefined
  isStopped: boolean
  stop(): Promise<void>
}

function createSlot(restartMs = 100, restartMaxMs = 350) {
  const threads: FakeThread[] = []
  const slot = new WorkerSlot({
    restartMs,
    restartMaxMs,
    start() {
      const thread: FakeThread = {
        isReady: false,
        readySince: undefined,
        isStopped: false,
        async stop() {
          thread.isStopped = true
        },
      }
      threads.push(thread)
      return thread as unknown as WorkerThread
    },
  })
  const ready = () => Object.assign(threads.at(-1) as FakeThread, { isReady: true, readySince: performance.now() })
  const lose = () => {
    slot.vacate()
    slot.replace()
  }
  return { slot, threads, ready, lose }
}

test('a slot is ready while its thread is', () => {
  const { slot, ready } = createSlot()
  expect([slot.thread, slot.isReady]).toEqual([undefined, false])
  slot.fill()
  expect(slot.isReady).toBe(false)
  const thread = ready()
  expect([slot.isReady, slot.thread]).toEqual([true, thread])
  expect(slot.vacate()).toBe(thread)
  expect([slot.thread, slot.isReady]).toEqual([undefined, false])
  expect(slot.vacate()).toBeUndefined()
})

test('the first replacement starts at once, later ones after pauses that double up to the longest', () => {
  const { slot, threads, lose } = createSlot()
  slot.fill()
  const waits: number[] = []
  for (let loss = 0; loss < 5; loss++) {
    lose()
    const before = threads.length
    let waitedMs = 0
    for (; slot.thread === undefined; waitedMs += 10) vi.advanceTimersByTime(10)
    waits.push(waitedMs)
    expect(threads.length - before).toBe(waitedMs === 0 ? 0 : 1)
  }
  expect(waits).toEqual([0, 100, 200, 350, 350])
})

test.each([
  [10_001, true],
  [10_000, false],
])('a thread that was ready for %i ms makes the next replacement immediate: %j', (readyMs, isImmediate) => {
  const { slot, ready, lose } = createSlot()
  slot.fill()
  lose()
  ready()
  vi.advanceTimersByTime(readyMs)
  lose()
  expect(slot.thread !== undefined).toBe(isImmediate)
})

test('a thread that took long to start, and never was ready, does not reset the back-off', () => {
  const { slot, lose } = createSlot()
  slot.fill()
  lose()
  vi.advanceTimersByTime(60_000)
  lose()
  expect(slot.thread).toBeUndefined()
})

test('a closed slot starts nothing after its pause, and stops its thread', async () => {
  const pausing = createSlot()
  pausing.slot.fill()
  pausing.lose()
  pausing.lose()
  await pausing.slot.close()
  vi.advanceTimersByTime(60_000)
  expect(pausing.threads).toHaveLength(2)

  const occupied = createSlot()
  occupied.slot.fill()
  await occupied.slot.close()
  expect(occupied.threads.map(({ isStopped }) => isStopped)).toEqual([true])
})

test('a slot with a thread cannot be filled again, and starts no second one', () => {
  const { slot, threads } = createSlot()
  slot.fill()
  expect(() => slot.fill()).toThrow('a slot that is occupied cannot be occupied')
  expect(threads).toHaveLength(1)
})
