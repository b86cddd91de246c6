import { expect, test } from 'vitest'
import { EventLoopSlices } from '../../../../src/scoring/scheduling/event-loop-slices.ts'

function work(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until) {
    // Holds the event loop.
  }
}

test('a fresh slice is not over; one that was used up is', async () => {
  const turns = new EventLoopSlices(5)
  expect(turns.isOver).toBe(true)
  await turns.next()
  expect(turns.isOver).toBe(false)
  work(6)
  expect(turns.isOver).toBe(true)
})

test('whoever else works meanwhile, the event loop turns between any two slices', async () => {
  const turns = new EventLoopSlices(2)
  const log: string[] = []
  let done = false

  async function caller(name: string): Promise<void> {
    for (let slice = 0; slice < 3; slice++) {
      await turns.next()
      log.push(name)
      work(2)
    }
  }
  async function loop(): Promise<void> {
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve))
      log.push('.')
    }
  }
  const looping = loop()
  await Promise.all([caller('a'), caller('b'), caller('c')])
  done = true
  await looping
  const told = log.join('').replace(/\.+/g, '.')
  expect(told.replaceAll('.', '')).toBe('abcabcabc')
  expect(told).not.toMatch(/[abc]{2}/)
})
