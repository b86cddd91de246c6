import { describe, expect, it } from 'vitest'
import { type ErrorCode, errorCatalogue, isValenceError, ValenceError } from '../../src/index.ts'

const rows = Object.entries(errorCatalogue) as [ErrorCode, (typeof errorCatalogue)[ErrorCode]][]

describe('the catalogue', () => {
  it.each(rows)('holds %s in order', (code, { message, help, retryable, deadLetter }) => {
    expect(code).toMatch(/^VAL_[A-Z]+(_[A-Z0-9]+)+$/)
    expect(message).toMatch(/^[A-Z].*[^.]$/)
    expect(help).toMatch(/^[A-Z].*\.$/)
    // An error is either of the record or of the system.
    expect(retryable && deadLetter).toBeFalsy()
  })

  it('has different messages for all codes', () => {
    expect(new Set(rows.map(([, { message }]) => message)).size).toBe(rows.length)
  })
})

describe('ValenceError', () => {
  it('has the message of the catalogue, and the detail', () => {
    const cause = new Error('inner')
    const error = new ValenceError('VAL_RECORD_INVALID', 'text must be a string', { cause })
    expect(error).toMatchObject({
      name: 'ValenceError',
      code: 'VAL_RECORD_INVALID',
      message: 'The record does not match its schema: text must be a string',
      detail: 'text must be a string',
      help: errorCatalogue.VAL_RECORD_INVALID.help,
      retryable: false,
      deadLetter: true,
      cause,
    })
  })

  it('needs no detail', () => {
    const error = new ValenceError('VAL_QUEUE_FULL')
    expect(error).toMatchObject({ message: 'The scoring queue is full', retryable: true, deadLetter: false })
    expect(error.detail).toBeUndefined()
  })
})

describe('isValenceError', () => {
  it('recognises an error of another copy of the package', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('valence.error')]: true })
    expect(isValenceError(foreign)).toBe(true)
    expect(isValenceError(new ValenceError('VAL_TEXT_EMPTY'))).toBe(true)
  })

  it.each([new Error('x'), { code: 'VAL_TEXT_EMPTY' }, 'VAL_TEXT_EMPTY', null, undefined])(
    'does not take %s',
    (value) => {
      expect(isValenceError(value)).toBe(false)
    },
  )
})
