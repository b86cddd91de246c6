import { ValenceError } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { answerWithin, failure } from '../../../src/doctor/finding.ts'

const place = { area: 'kafka', check: 'connect' } as const

describe('failure', () => {
  it('takes words and advice of the catalogue', () => {
    expect(failure(place, new ValenceError('VAL_KAFKA_UNREACHABLE', 'a:1'))).toEqual({
      ...place,
      status: 'fail',
      detail: 'VAL_KAFKA_UNREACHABLE: No Kafka broker answers: a:1',
      help: expect.stringContaining('VALENCE_KAFKA_BROKERS'),
    })
  })

  it('prefers the advice of the check', () => {
    expect(failure(place, new ValenceError('VAL_KAFKA_UNREACHABLE'), 'Turn it on.').help).toBe('Turn it on.')
  })

  it('takes any error, the first of several, and what is none', () => {
    expect(failure(place, new Error('why')).detail).toBe('why')
    expect(failure(place, new AggregateError([new Error('first'), new Error('second')])).detail).toBe('first')
    expect(failure({ ...place, status: 'warn' }, 'why')).toEqual({ ...place, status: 'warn', detail: 'why' })
  })
})

describe('answerWithin', () => {
  it('passes on what the work gives or throws', async () => {
    expect(await answerWithin(1_000, Promise.resolve(5))).toBe(5)
    await expect(answerWithin(1_000, Promise.reject(new Error('why')))).rejects.toThrow('why')
  })

  it('does not wait longer', async () => {
    await expect(answerWithin(10, new Promise(() => undefined))).rejects.toThrow('no answer in 10 ms')
  })
})
