import { describe, expect, it } from 'vitest'
import { within } from '../../../src/platform/timeout.ts'

const late = () => new Error('late')

describe('within', () => {
  it('passes on what the work gives or throws', async () => {
    expect(await within(60_000, Promise.resolve(5), late)).toBe(5)
    await expect(within(60_000, Promise.reject(new Error('why')), late)).rejects.toThrow('why')
  })

  it('does not wait longer, and nobody hears of the work that fails afterwards', async () => {
    const work = Promise.withResolvers<never>()
    await expect(within(1, work.promise, late)).rejects.toThrow('late')
    // An unhandled rejection would fail this file.
    work.reject(new Error('unheard'))
    await new Promise(setImmediate)
  })
})
