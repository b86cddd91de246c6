import { describe, expect, it } from 'vitest'
import { letterFilter } from '../../../src/cli/letter-options.ts'

describe('--code', () => {
  it('takes codes of the catalogue, separated by commas', () => {
    const { codes } = letterFilter({ code: 'VAL_TEXT_EMPTY, VAL_RECORD_INVALID' }, 0)
    expect(codes).toEqual(new Set(['VAL_TEXT_EMPTY', 'VAL_RECORD_INVALID']))
  })

  it.each(['VAL_NOPE', 'VAL_TEXT_EMPTY,VAL_NOPE', 'toString'])('refuses %s', (code) => {
    expect(() => letterFilter({ code }, 0)).toThrow(expect.objectContaining({ code: 'VAL_USAGE_INVALID' }))
  })

  it('names the nearest code', () => {
    expect(() => letterFilter({ code: 'VAL_TEXT_EMTY' }, 0)).toThrow('did you mean VAL_TEXT_EMPTY?')
  })
})
