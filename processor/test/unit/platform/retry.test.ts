import { ValenceError } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { retryWhileRetryable } from '../../../src/platform/retry.ts'

function run(action: () => Promise<string>, signal = new AbortController().signal) {
  const retried: string[] = []
  const result = retryWhileRetryable(action, {
    initialDelayMs: 1,
    maxDelayMs: 2,
    signal,
    onRetry: (error, delayMs) => {
      expect(delayMs).toBeGreaterThanOrEqual(0)
      retried.push(error.code)
    },
  })
  return { result, retried }
}

describe('retryWhileRetryable', () => {
  it('retries errors that the catalogue marks retryable', async () => {
    let attempts = 0
    const { result, retried } = run(async () => {
      attempts += 1
      if (attempts < 4) throw new ValenceError('VAL_REGISTRY_UNAVAILABLE')
      return 'done'
    })
    expect(await result).toBe('done')
    expect(retried).toEqual(Array.from({ length: 3 }, () => 'VAL_REGISTRY_UNAVAILABLE'))
  })

  it('throws other errors at once', async () => {
    for (const error of [new ValenceError('VAL_KAFKA_OFFSET_GAP'), new TypeError('a defect')]) {
      const { result, retried } = run(() => Promise.reject(error))
      await expect(result).rejects.toBe(error)
      expect(retried).toEqual([])
    }
  })

  it('retries only the errors of onlyRetry, if that is given', async () => {
    const attempts: string[] = []
    const codes = ['VAL_KAFKA_OFFSET_GAP', 'VAL_REGISTRY_UNAVAILABLE'] as const
    const action = async () => {
      const code = codes[attempts.length] ?? 'VAL_KAFKA_OFFSET_GAP'
      attempts.push(code)
      throw new ValenceError(code)
    }
    const onlyRetry = ({ code }: ValenceError) => code === 'VAL_KAFKA_OFFSET_GAP'
    await expect(retryWhileRetryable(action, { initialDelayMs: 1, maxDelayMs: 1, onlyRetry })).rejects.toMatchObject({
      code: 'VAL_REGISTRY_UNAVAILABLE',
    })
    expect(attempts).toEqual(codes)
  })

  it('has a constant delay if the initial delay is the maximum', async () => {
    const pauses: number[] = []
    const action = () => Promise.reject(new ValenceError('VAL_REGISTRY_UNAVAILABLE'))
    const onRetry = (_: ValenceError, delayMs: number) => void pauses.push(delayMs)
    const options = { initialDelayMs: 2, maxDelayMs: 2, maxRetries: 5, onRetry }
    await expect(retryWhileRetryable(action, options)).rejects.toMatchObject({ code: 'VAL_REGISTRY_UNAVAILABLE' })
    expect(pauses).toEqual([2, 2, 2, 2, 2])
  })

  it('retries the errors of alsoRetry too', async () => {
    let attempts = 0
    const retried: string[] = []
    const result = await retryWhileRetryable(
      async () => {
        attempts += 1
        if (attempts < 3) throw new ValenceError('VAL_KAFKA_NOT_AUTHORISED')
        return 'granted'
      },
      {
        initialDelayMs: 1,
        maxDelayMs: 2,
        alsoRetry: ({ code }) => code === 'VAL_KAFKA_NOT_AUTHORISED',
        signal: new AbortController().signal,
        onRetry: ({ code }) => retried.push(code),
      },
    )
    expect(result).toBe('granted')
    expect(retried).toHaveLength(2)
  })

  it('ends when the signal aborts', async () => {
    const stop = new AbortController()
    const { result, retried } = run(() => {
      if (retried.length === 2) stop.abort()
      return Promise.reject(new ValenceError('VAL_KAFKA_UNREACHABLE'))
    }, stop.signal)
    await expect(result).rejects.toThrow()
    expect(retried.length).toBeLessThanOrEqual(3)
  })

  it('ends a delay when the signal aborts, and starts no further attempt', async () => {
    const stop = new AbortController()
    let attempts = 0
    const result = retryWhileRetryable(
      () => {
        attempts += 1
        return Promise.reject(new ValenceError('VAL_KAFKA_UNREACHABLE'))
      },
      {
        initialDelayMs: 60_000,
        maxDelayMs: 60_000,
        signal: stop.signal,
        onRetry: () => setTimeout(() => stop.abort(), 5),
      },
    )
    await expect(result).rejects.toMatchObject({ code: 'VAL_KAFKA_UNREACHABLE' })
    expect(attempts).toBe(1)
  })

  it('abandons a hanging attempt on abort, if abandonAttempt is set', async () => {
    const stop = new AbortController()
    const result = retryWhileRetryable(() => new Promise<never>(() => undefined), {
      initialDelayMs: 1,
      maxDelayMs: 2,
      signal: stop.signal,
      abandonAttempt: true,
      onRetry: () => undefined,
    })
    setTimeout(() => stop.abort(), 5)
    await expect(result).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('starts no attempt if the signal was aborted before and abandonAttempt is set', async () => {
    let attempts = 0
    const result = retryWhileRetryable(
      () => {
        attempts += 1
        return new Promise<never>(() => undefined)
      },
      { initialDelayMs: 1, maxDelayMs: 2, signal: AbortSignal.abort(), abandonAttempt: true },
    )
    const late = new Promise((resolve) => setTimeout(resolve, 500, 'hangs'))
    await expect(Promise.race([result, late])).rejects.toMatchObject({ name: 'AbortError' })
    expect(attempts).toBe(0)
  })

  it('awaits the running attempt on abort', async () => {
    const stop = new AbortController()
    const { result } = run(async () => {
      stop.abort()
      await new Promise((resolve) => setTimeout(resolve, 5))
      return 'done'
    }, stop.signal)
    expect(await result).toBe('done')
  })
})
