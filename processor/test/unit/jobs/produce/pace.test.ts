import { describe, expect, it } from 'vitest'
import { createPace } from '../../../../src/jobs/produce/pace.ts'

async function elapsedMs(work: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await work()
  return performance.now() - startedAt
}

describe('createPace', () => {
  it('does not wait without a rate', async () => {
    const pace = createPace(undefined, new AbortController().signal)
    const spent = await elapsedMs(async () => {
      for (let i = 0; i < 10_000; i += 1) await pace()
    })
    expect(spent).toBeLessThan(1_000)
  })

  it('spreads texts over the time they may take', async () => {
    const pace = createPace(200, new AbortController().signal)
    const spent = await elapsedMs(async () => {
      for (let i = 0; i < 41; i += 1) await pace()
    })
    // The first goes at once, so 41 texts take forty two-hundredths of a second.
    expect(spent).toBeGreaterThan(180)
  })

  it('stops waiting when the command is told to stop', async () => {
    const controller = new AbortController()
    const pace = createPace(0.001, controller.signal)
    await pace()
    const waiting = elapsedMs(pace)
    controller.abort()
    expect(await waiting).toBeLessThan(1_000)
  })
})
