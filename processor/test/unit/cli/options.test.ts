import { describe, expect, it } from 'vitest'
import { choiceOption, countOption, textOption, timeOption } from '../../../src/cli/options.ts'

const usage = (message: string) =>
  expect.objectContaining({ code: 'VAL_USAGE_INVALID', message: expect.stringContaining(message) })

describe('countOption', () => {
  it('reads whole numbers, and nothing where nothing was given', () => {
    expect(countOption({ limit: '17' }, 'limit')).toBe(17)
    expect(countOption({}, 'limit')).toBeUndefined()
    expect(countOption({ limit: true }, 'limit')).toBeUndefined()
  })

  it.each(['0', '-1', '1.5', '1e3', 'x', ' 1', '99999999999999999999'])('refuses %s', (limit) => {
    expect(() => countOption({ limit }, 'limit')).toThrow(usage('--limit must be a whole number of at least 1'))
  })

  it('names the option as it is typed', () => {
    expect(() => countOption({ intervalMs: '5' }, 'intervalMs', 100)).toThrow(usage('--interval-ms'))
  })
})

describe('textOption', () => {
  it('refuses an empty text', () => {
    expect(textOption({ group: 'a' }, 'group')).toBe('a')
    expect(() => textOption({ group: '' }, 'group')).toThrow(usage('--group'))
  })
})

describe('choiceOption', () => {
  it('takes the first choice by default and refuses what is none', () => {
    expect(choiceOption({}, 'format', ['auto', 'csv'])).toBe('auto')
    expect(choiceOption({ format: 'csv' }, 'format', ['auto', 'csv'])).toBe('csv')
    expect(() => choiceOption({ format: 'xml' }, 'format', ['auto', 'csv'])).toThrow(
      usage('one of auto, csv, not "xml"'),
    )
  })
})

describe('timeOption', () => {
  const now = Date.parse('2026-01-10T12:00:00Z')

  it.each([
    ['30s', '2026-01-10T11:59:30Z'],
    ['15m', '2026-01-10T11:45:00Z'],
    ['12h', '2026-01-10T00:00:00Z'],
    ['7d', '2026-01-03T12:00:00Z'],
    ['2026-01-01T08:30:00Z', '2026-01-01T08:30:00Z'],
    ['2026-01-01T08:30:00+02:00', '2026-01-01T06:30:00Z'],
    ['2026-01-01', '2026-01-01T00:00:00Z'],
    // Kafka knows no times before 1970; some negative numbers mean something else to it.
    ['99999d', '1970-01-01T00:00:00Z'],
    ['999999999d', '1970-01-01T00:00:00Z'],
    ['0001-01-01', '1970-01-01T00:00:00Z'],
  ])('reads %s', (since, expected) => {
    expect(timeOption({ since }, 'since', now)).toBe(Date.parse(expected))
  })

  it.each(['yesterday', '12', '5w', '2026-13-01', '01.02.2026'])('refuses %s', (since) => {
    expect(() => timeOption({ since }, 'since', now)).toThrow(usage('--since must be a time'))
  })
})
