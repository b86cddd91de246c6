import { describe, expect, it } from 'vitest'
import { laterErrorCodes, laterErrorType } from '../../../../src/kafka/overlay/error-codes.ts'
import { createErrorFromCode, stockModule } from '../../../support/stock-kafkajs.ts'

const { errorCodes } = stockModule<{ errorCodes: { code: number }[] }>('protocol/error.js')

describe('laterErrorCodes', () => {
  it('continues where kafkajs ends, without a gap', () => {
    const last = Math.max(...errorCodes.map(({ code }) => code))
    expect(laterErrorCodes.map(({ code }) => code)).toEqual(
      Array.from({ length: 130 - last }, (_, index) => last + 1 + index),
    )
  })

  it('gives each code a name of its own', () => {
    expect(new Set(laterErrorCodes.map(({ type }) => type)).size).toBe(laterErrorCodes.length)
  })

  it('names what stock kafkajs cannot', () => {
    expect(createErrorFromCode(90).type).toBe('KAFKAJS_UNKNOWN_ERROR_CODE')
    expect(laterErrorType(90)).toBe('PRODUCER_FENCED')
    expect(laterErrorType(120)).toBe('TRANSACTION_ABORTABLE')
    expect(laterErrorType(131)).toBeUndefined()
  })

  it('knows what may be tried again', () => {
    const retriable = laterErrorCodes.filter((row) => row.retriable).map(({ code }) => code)
    expect(retriable).toEqual([89, 100, 103, 106, 122, 123])
  })
})
