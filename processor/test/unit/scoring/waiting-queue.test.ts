import { expect, test } from 'vitest'
import { WaitingEntry } from '../../../src/scoring/waiting-entry.ts'
import { WaitingQueue } from '../../../src/scoring/waiting-queue.ts'
import { turns } from '../../support/manual-clock.ts'

const entry = (key: string) => new WaitingEntry(key, { ids: Int32Array.of(1), truncated: false }, 0)

function queueOf(capacity: number, windowSize: number, ...keys: string[]) {
  const queue = new WaitingQueue(capacity, windowSize)
  const entries = keys.map(entry)
  for (const one of entries) queue.push(one)
  return { queue, entries }
}

const keys = (entries: readonly WaitingEntry[]) => entries.map(({ key }) => key).join('')

test('the window shows the oldest that still wait', () => {
  const { queue, entries } = queueOf(10, 3, 'a', 'b', 'c', 'd', 'e')
  expect(keys(queue.window())).toBe('abc')
  for (const taken of [entries[0], entries[2]]) if (taken) taken.state = 'taken'
  expect(keys(queue.window())).toBe('bde')
  expect(queue.length).toBe(3)
})

test('there is room up to the capacity', () => {
  const { queue, entries } = queueOf(2, 2, 'a', 'b')
  expect(queue.hasRoom).toBe(false)
  for (const taken of entries) taken.state = 'taken'
  queue.forget()
  expect(queue.hasRoom).toBe(true)
})

test('those who wait for room are told in order, as many as there is room for', async () => {
  const { queue, entries } = queueOf(3, 3, 'a', 'b', 'c')
  const told: number[] = []
  for (const number of [1, 2, 3]) void queue.room().then(() => told.push(number))
  for (const taken of entries.slice(0, 2)) taken.state = 'taken'
  queue.forget()
  await turns()
  expect(told).toEqual([1, 2])
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
  for (const taken of entries) taken.state = 'taken'
  queue.forget()
  await turns()
  expect(told).toEqual(['left', 'stayed'])
  await queue.room(controller.signal)
})

test('what was dropped beyond the window is forgotten when asked', () => {
  const { queue, entries } = queueOf(10, 2, 'a', 'b', 'c', 'd')
  for (const dropped of entries.slice(2)) dropped.state = 'dropped'
  queue.forget()
  expect(queue.length).toBe(4)
  queue.forgetAll()
  expect(keys(queue.all())).toBe('ab')
})
