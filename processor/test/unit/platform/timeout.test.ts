import { describe, expect, it } from 'vitest'
import { withTimeout } from '../../../src/platform/timeout.ts'

const late = () => new Error('late')

describe('withTimeout', () => {
  it('settles like the work', async () => {
    expect(await withTimeout(60_000, Promise.resolve(5), late)).toBe(5)
    await expect(withTimeout(60_000, Promise.reject(new Error('why')), late)).rejects.toThrow('why')
  })

  it('rejects at the timeout and handles a later failure of the work', async () => {
    const work = Promise.withResolvers<never>()
    await expect(withTimeout(1, work.promise, late)).rejects.toThrow('late')
    // An unhandled rejection would fail this file.
    work.reject(new Error('unheard'))
    await new Promise(setImmediate)
  })
})
