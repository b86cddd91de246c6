import { OutputProbe } from '@valence/testing/processes/cli-run'
import { expect, it } from 'vitest'
import type { Output } from '../../../src/cli/context.ts'
import { Screen } from '../../../src/cli/screen.ts'

const open = (probe: OutputProbe) => {
  const stop = new AbortController()
  const screen = new Screen(probe as unknown as Output)
  screen.open(stop.signal)
  return { screen, stop }
}

it('hides the cursor and gives everything back, once', () => {
  const probe = new OutputProbe(true)
  const { screen } = open(probe)
  screen.close()
  screen.close()
  expect(probe.text).toBe('\u001b[?1049h\u001b[?25l\u001b[?25h\u001b[?1049l')
})

it('gives everything back the moment it is told to stop, and draws no more', async () => {
  const probe = new OutputProbe(true)
  const { screen, stop } = open(probe)
  stop.abort()
  await screen.draw(['late'])
  expect(probe.text.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true)
  expect(probe.text).not.toContain('late')
})

it('never draws more lines than there are rows', async () => {
  const probe = Object.assign(new OutputProbe(true), { rows: 2 })
  const { screen } = open(probe)
  await screen.draw(['one', 'two', 'three'])
  expect(probe.text).toContain('one\u001b[K\r\ntwo\u001b[K\u001b[J')
})

it('takes a terminal without a size for a small one', () => {
  const probe = Object.assign(new OutputProbe(true), { columns: 0 })
  expect(new Screen(probe as unknown as Output).size).toEqual({ columns: 80, rows: 24 })
})
