import { turns } from '@valence/testing/inputs/manual-clock'
import { expect, test } from 'vitest'
import { WaitGroup } from '../../../../src/scoring/batching/wait-group.ts'

test('resolves once everything that was begun has ended', async () => {
  const countdown = new WaitGroup()
  let isOver = false
  countdown.begin()
  countdown.begin()
  void countdown.whenZero().then(() => {
    isOver = true
  })
  countdown.end()
  await turns()
  expect(isOver).toBe(false)
  countdown.end()
  await turns()
  expect(isOver).toBe(true)
})

test('resolves at once where nothing is under way', async () => {
  const countdown = new WaitGroup()
  await countdown.whenZero()
  countdown.begin()
  countdown.end()
  await countdown.whenZero()
})
