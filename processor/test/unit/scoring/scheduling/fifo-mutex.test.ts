import { turns } from '@valence/testing/inputs/manual-clock'
import { expect, test } from 'vitest'
import { FifoMutex } from '../../../../src/scoring/scheduling/fifo-mutex.ts'

function stand(line: FifoMutex, name: string, entered: string[], signal?: AbortSignal): void {
  void Promise.resolve(line.enter(signal)).then((isIn) => entered.push(isIn ? name : `${name} left`))
}

test('lets one in at a time, in the order in which they came', async () => {
  const line = new FifoMutex()
  const entered: string[] = []
  for (const name of ['a', 'b', 'c']) stand(line, name, entered)
  await turns()
  expect(entered).toEqual(['a'])
  line.leave()
  await turns()
  expect(entered).toEqual(['a', 'b'])
  line.leave()
  line.leave()
  await turns()
  expect(entered).toEqual(['a', 'b', 'c'])
  expect(line.enter(undefined)).toBe(true)
})

test('who gives up while waiting holds nobody up', async () => {
  const line = new FifoMutex()
  const entered: string[] = []
  const controller = new AbortController()
  stand(line, 'a', entered)
  stand(line, 'b', entered, controller.signal)
  stand(line, 'c', entered)
  controller.abort()
  await turns()
  expect(entered).toEqual(['a', 'b left'])
  line.leave()
  await turns()
  expect(entered).toEqual(['a', 'b left', 'c'])
  expect(line.enter(controller.signal)).toBe(false)
})
