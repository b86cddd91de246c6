import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { doneOrAborted, unlessAborted } from '../../../src/platform/abort.ts'

const never = <T>() => new Promise<T>(() => undefined)
const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

describe('unlessAborted', () => {
  it('settles with the work and leaves no listener behind', async () => {
    const { signal } = new AbortController()
    await expect(unlessAborted(Promise.resolve(1), signal)).resolves.toBe(1)
    await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
    expect(listeners(signal)).toBe(0)
  })

  it('rejects with the reason when the signal aborts, although the work goes on', async () => {
    const leaving = new AbortController()
    const waiting = unlessAborted(never(), leaving.signal)
    leaving.abort(new Error('left'))
    await expect(waiting).rejects.toThrow('left')
    expect(listeners(leaving.signal)).toBe(0)
  })

  it('rejects if the signal was aborted before, although the work is done', async () => {
    await expect(unlessAborted(Promise.resolve(1), AbortSignal.abort(new Error('left')))).rejects.toThrow('left')
  })

  it('handles a failure of the work after the abort', async () => {
    const work = Promise.withResolvers<void>()
    const waiting = unlessAborted(work.promise, AbortSignal.abort(new Error('left')))
    await expect(waiting).rejects.toThrow('left')
    // An unhandled rejection would fail the run.
    work.reject(new Error('late'))
    await new Promise(setImmediate)
  })
})

describe('doneOrAborted', () => {
  it('settles with the work and leaves no listener behind', async () => {
    const { signal } = new AbortController()
    await expect(doneOrAborted(Promise.resolve(), signal)).resolves.toBeUndefined()
    await expect(doneOrAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no')
    await new Promise(setImmediate)
    expect(listeners(signal)).toBe(0)
  })

  it('waits for the work if there is no signal', () =>
    expect(doneOrAborted(Promise.reject(new Error('no')), undefined)).rejects.toThrow('no'))

  it('resolves when the signal aborts', async () => {
    const leaving = new AbortController()
    const waiting = doneOrAborted(never(), leaving.signal)
    leaving.abort(new Error('left'))
    await expect(waiting).resolves.toBeUndefined()
    await expect(doneOrAborted(never(), AbortSignal.abort())).resolves.toBeUndefined()
  })
})
