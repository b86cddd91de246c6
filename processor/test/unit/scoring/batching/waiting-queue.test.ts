import { createDice } from '@valence/testing/inputs/dice'
import { turns } from '@valence/testing/inputs/manual-clock'
import { expect, test } from 'vitest'
import { PendingText } from '../../../../src/scoring/batching/pending-text.ts'
import { WaitingQueue } from '../../../../src/scoring/batching/waiting-queue.ts'

const entry = (key: string, tokens = 1) => new PendingText(key, { ids: new Int32Array(tokens), truncated: false }, 0)

function queueOf(capacity: number, windowSize: number, ...keys: string[]) {
  const queue = new WaitingQueue(capacity, windowSize)
  const entries = keys.map((key) => entry(key))
  for (const one of entries) queue.push(one)
  return { queue, entries }
}

const take = (one: PendingText) => one.take()
/** Its only caller leaves. */
const drop = (one: PendingText) => {
  one.join({ origin: 'kafka', deadline: 0, signal: undefined, enqueuedAt: 0, answer: () => undefined })
  one.dismissLate(0, () => undefined)
}
const keys = (entries: readonly PendingText[]) => entries.map(({ key }) => key).join('')

test('the window shows the oldest', () => {
  const { queue, entries } = queueOf(10, 3, 'a', 'b', 'c', 'd', 'e')
  expect(keys(queue.window().byLength)).toBe('abc')
  for (const taken of [entries[0], entries[2]]) if (taken) taken.take()
  queue.removeGone()
  expect(queue.window().oldest?.key).toBe('b')
  expect(keys(queue.window().byLength)).toBe('bde')
  expect(queue.length).toBe(3)
})

test('the window is in order of length, and of age where the length is the same', () => {
  const queue = new WaitingQueue(10, 4)
  const entries = [entry('a', 5), entry('b', 2), entry('c', 5), entry('d', 3), entry('e', 4), entry('f', 1)]
  for (const one of entries) queue.push(one)
  expect(queue.window()).toMatchObject({ oldest: { key: 'a' } })
  expect(keys(queue.window().byLength)).toBe('bdac')
  for (const taken of [entries[0], entries[3]]) if (taken) taken.take()
  queue.removeGone()
  expect(queue.window()).toMatchObject({ oldest: { key: 'b' } })
  expect(keys(queue.window().byLength)).toBe('fbec')
})

test.each(Array.from({ length: 10 }, (_, seed) => seed))('the window is what sorting would give, seed %i', (seed) => {
  const dice = createDice(seed)
  const queue = new WaitingQueue(1_000, 16)
  let waiting: PendingText[] = []
  for (let step = 0; step < 300; step += 1) {
    for (let i = dice.int(4); i > 0; i--) {
      const one = entry(`${step}.${i}`, 1 + dice.int(9))
      queue.push(one)
      waiting.push(one)
    }
    for (const one of waiting.slice(0, 20)) if (dice.int(8) === 0) dice.pick([take, drop])(one)
    queue.removeGone()
    waiting = waiting.filter(({ state }) => state === 'waiting')
    const { oldest, byLength } = queue.window()
    expect(oldest).toBe(waiting[0])
    expect(byLength).toEqual(waiting.slice(0, 16).toSorted((a, b) => a.tokens - b.tokens))
  }
})

test('there is room up to the capacity', () => {
  const { queue, entries } = queueOf(2, 2, 'a', 'b')
  expect(queue.hasRoom).toBe(false)
  for (const taken of entries) taken.take()
  queue.removeGone()
  expect(queue.hasRoom).toBe(true)
})

test('those who wait for room are told in order, as many as there is room for', async () => {
  const { queue, entries } = queueOf(3, 3, 'a', 'b', 'c')
  const told: number[] = []
  for (const number of [1, 2, 3]) void queue.room().then(() => told.push(number))
  for (const taken of entries.slice(0, 2)) taken.take()
  queue.removeGone()
  await turns()
  expect(told).toEqual([1, 2])
})

test('nobody is told before an eighth of the places is free', async () => {
  const { queue, entries } = queueOf(16, 16, ...'abcdefghijklmnop')
  const told: number[] = []
  for (const number of [1, 2, 3]) void queue.room().then(() => told.push(number))
  for (const [taken, expected] of [
    [entries[0], []],
    [entries[1], [1, 2]],
  ] as const) {
    if (taken) taken.take()
    queue.removeGone()
    await turns()
    expect(told).toEqual(expected)
  }
})

test('who leaves while waiting for room is told at once and takes nobody else’s place', async () => {
  const { queue, entries } = queueOf(1, 1, 'a')
  const controller = new AbortController()
  const told: string[] = []
  void queue.room(controller.signal).then(() => told.push('left'))
  void queue.room().then(() => told.push('stayed'))
  controller.abort()
  await turns()
  expect(told).toEqual(['left'])
  for (const taken of entries) taken.take()
  queue.removeGone()
  await turns()
  expect(told).toEqual(['left', 'stayed'])
  await queue.room(controller.signal)
})

test('what was dropped beyond the window is removed too', () => {
  const { queue, entries } = queueOf(10, 2, 'a', 'b', 'c', 'd')
  for (const one of entries.slice(2)) drop(one)
  expect(queue.length).toBe(4)
  queue.removeGone()
  expect(keys(queue.all())).toBe('ab')
})
