import { stripVTControlCharacters } from 'node:util'
import { OutputProbe } from '@valence/testing/processes/cli-run'
import { describe, expect, it } from 'vitest'
import type { Output } from '../../../src/cli/context.ts'
import { openProgress } from '../../../src/cli/progress.ts'

async function run(isTTY: boolean, total: number | undefined): Promise<string> {
  const probe = new OutputProbe(isTTY)
  const progress = await openProgress(probe as unknown as Output, 'texts')
  progress.start(total)
  progress.update(50, 1234)
  progress[Symbol.dispose]()
  return stripVTControlCharacters(probe.text)
}

describe('openProgress', () => {
  it('is silent where there is no terminal', async () => {
    expect(await run(false, 100)).toBe('')
  })

  it('shows a bar, the items and their rate', async () => {
    const shown = await run(true, 100)
    expect(shown).toContain('50%')
    expect(shown).toContain('1234 texts')
    expect(shown).toMatch(/\d+\/s/)
  })

  it('counts without a bar where the end is not known', async () => {
    const shown = await run(true, undefined)
    expect(shown).toContain('1234 texts')
    expect(shown).not.toContain('%')
  })

  it('never runs over', async () => {
    const probe = new OutputProbe(true)
    const progress = await openProgress(probe as unknown as Output, 'texts')
    progress.start(10)
    progress.update(1_000, 3)
    progress[Symbol.dispose]()
    expect(stripVTControlCharacters(probe.text)).toContain('100%')
  })

  it('draws nothing before it is known what there is to do', async () => {
    const probe = new OutputProbe(true)
    const progress = await openProgress(probe as unknown as Output, 'texts')
    progress.update(1, 1)
    progress[Symbol.dispose]()
    expect(probe.text).toBe('')
  })
})
