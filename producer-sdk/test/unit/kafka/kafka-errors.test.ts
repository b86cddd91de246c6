import { ValenceError } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { type KafkaFault, kafkaErrors } from '../../../src/kafka/kafka-errors.ts'
import { createErrorFromCode, stockModule } from '../../support/stock-kafkajs.ts'

type AnyError = new (...values: unknown[]) => Error
const stockErrors = stockModule<Record<string, AnyError>>('errors.js')

function make(name: string, ...values: unknown[]): Error {
  const ErrorClass = stockErrors[name]
  if (!ErrorClass) throw new Error(`kafkajs has no ${name}`)
  return new ErrorClass(...values)
}

describe('kafkaErrors.classify', () => {
  it.each<[number, KafkaFault]>([
    [47, 'fenced'],
    [49, 'fenced'],
    [90, 'fenced'],
    [82, 'instance-duplicate'],
    [27, 'rebalance'],
    [22, 'rebalance'],
    [48, 'rebuild'],
    [45, 'rebuild'],
    [51, 'rebuild'],
    [59, 'rebuild'],
    [120, 'rebuild'],
    [7, 'unreachable'],
    [19, 'unreachable'],
    [58, 'authentication'],
    [29, 'authorisation'],
    [53, 'authorisation'],
    [3, 'topic-missing'],
    [10, 'too-large'],
    [1, 'offset-gap'],
    [35, 'fatal'],
    [999, 'rebuild'],
  ])('takes code %i for %s', (code, fault) => {
    expect(kafkaErrors.classify(createErrorFromCode(code)).fault).toBe(fault)
  })

  it.each([
    [2, 'VAL_RECORD_REFUSED_BY_BROKER', 'CORRUPT_MESSAGE'],
    [10, 'VAL_RECORD_TOO_LARGE_TO_PUBLISH', 'MESSAGE_TOO_LARGE'],
    [18, 'VAL_RECORD_TOO_LARGE_TO_PUBLISH', 'RECORD_LIST_TOO_LARGE'],
    [32, 'VAL_RECORD_REFUSED_BY_BROKER', 'INVALID_TIMESTAMP'],
    [43, 'VAL_RECORD_REFUSED_BY_BROKER', 'UNSUPPORTED_FOR_MESSAGE_FORMAT'],
    [44, 'VAL_RECORD_REFUSED_BY_BROKER', 'POLICY_VIOLATION'],
    [87, 'VAL_RECORD_REFUSED_BY_BROKER', 'INVALID_RECORD'],
  ])('blames the record for code %i in the answer to a Produce request', (code, own, detail) => {
    const error = createErrorFromCode(code)
    expect(kafkaErrors.refusesRecord(error)).toBe(true)
    expect(kafkaErrors.toProduceError(error, 'VAL_KAFKA_TRANSACTION_FAILED', [{ timestamp: '1' }])).toMatchObject({
      code: own,
      detail: expect.stringContaining(detail),
    })
  })

  it.each([
    [3, 'VAL_KAFKA_TOPIC_MISSING'],
    [7, 'VAL_KAFKA_UNREACHABLE'],
    [29, 'VAL_KAFKA_NOT_AUTHORISED'],
    [45, 'VAL_KAFKA_TRANSACTION_FAILED'],
    [47, 'VAL_KAFKA_FENCED'],
    [48, 'VAL_KAFKA_TRANSACTION_FAILED'],
    [-1, 'VAL_KAFKA_TRANSACTION_FAILED'],
  ])('blames no record for code %i', (code, own) => {
    const error = createErrorFromCode(code)
    expect(kafkaErrors.refusesRecord(error)).toBe(false)
    expect(kafkaErrors.toProduceError(error, 'VAL_KAFKA_TRANSACTION_FAILED', []).code).toBe(own)
  })

  it('names codes that kafkajs does not know', () => {
    expect(kafkaErrors.classify(createErrorFromCode(90)).type).toBe('PRODUCER_FENCED')
    expect(kafkaErrors.classify(createErrorFromCode(130)).type).toBe('STREAMS_INVALID_TOPOLOGY')
    expect(kafkaErrors.classify(createErrorFromCode(999)).type).toBe('UNKNOWN_999')
  })

  it.each<[string, KafkaFault]>([
    ['KafkaJSConnectionError', 'unreachable'],
    ['KafkaJSConnectionClosedError', 'unreachable'],
    ['KafkaJSRequestTimeoutError', 'unreachable'],
    ['KafkaJSBrokerNotFound', 'unreachable'],
    ['KafkaJSSASLAuthenticationError', 'authentication'],
    ['KafkaJSTopicMetadataNotLoaded', 'topic-missing'],
    ['KafkaJSNotImplemented', 'fatal'],
    ['KafkaJSError', 'rebuild'],
  ])('takes %s for %s', (name, fault) => {
    expect(kafkaErrors.classify(make(name, 'something')).fault).toBe(fault)
  })

  it('looks through what kafkajs wraps around an error', () => {
    const wrapped = make('KafkaJSNumberOfRetriesExceeded', createErrorFromCode(47), { retryCount: 5 })
    expect(kafkaErrors.classify(new Error('outermost', { cause: wrapped }))).toMatchObject({
      fault: 'fenced',
      type: 'INVALID_PRODUCER_EPOCH',
    })
  })

  it('looks into aggregates', () => {
    const aggregate = make('KafkaJSAggregateError', 'several', [createErrorFromCode(29)])
    expect(kafkaErrors.classify(aggregate).fault).toBe('authorisation')
  })

  it.each([
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'ERR_SSL_WRONG_VERSION_NUMBER',
  ])('takes a connection that fails with %s for a matter of credentials', (code) => {
    expect(kafkaErrors.classify(make('KafkaJSConnectionError', 'TLS', { code })).fault).toBe('authentication')
  })

  it('keeps a refused connection apart from those', () => {
    expect(kafkaErrors.classify(make('KafkaJSConnectionError', 'no', { code: 'ECONNREFUSED' })).fault).toBe(
      'unreachable',
    )
  })

  it.each([undefined, null, 'text', 7, {}, new TypeError('a defect'), Object.create(null)])('is total: %o', (value) => {
    expect(kafkaErrors.classify(value).fault).toBe('fatal')
  })

  it('ends on errors that cause each other', () => {
    const first: Error & { cause?: unknown } = new Error('first')
    first.cause = new Error('second', { cause: first })
    expect(kafkaErrors.classify(first).fault).toBe('fatal')
  })
})

describe('kafkaErrors.toValenceError', () => {
  it('names the fault by the catalogue and keeps the cause', () => {
    const cause = createErrorFromCode(82)
    const error = kafkaErrors.toValenceError(cause, 'VAL_KAFKA_CONSUMER_CRASHED')
    expect(error).toMatchObject({ code: 'VAL_KAFKA_INSTANCE_DUPLICATE', retryable: false, cause })
    expect(error.detail).toMatch(/^FENCED_INSTANCE_ID: /)
  })

  it.each<[number, string]>([
    [47, 'VAL_KAFKA_FENCED'],
    [29, 'VAL_KAFKA_NOT_AUTHORISED'],
    [58, 'VAL_KAFKA_AUTHENTICATION_FAILED'],
    [3, 'VAL_KAFKA_TOPIC_MISSING'],
    [10, 'VAL_RECORD_TOO_LARGE_TO_PUBLISH'],
    [1, 'VAL_KAFKA_OFFSET_GAP'],
    [7, 'VAL_KAFKA_UNREACHABLE'],
    [48, 'VAL_PRODUCER_FAILED'],
  ])('turns code %i into %s', (code, expected) => {
    expect(kafkaErrors.toValenceError(createErrorFromCode(code), 'VAL_PRODUCER_FAILED').code).toBe(expected)
  })

  it('leaves an error of the catalogue alone', () => {
    const error = new ValenceError('VAL_TEXT_EMPTY')
    expect(kafkaErrors.toValenceError(error, 'VAL_PRODUCER_FAILED')).toBe(error)
  })

  it('finds an error of the catalogue in what kafkajs wraps around it', () => {
    const error = new ValenceError('VAL_KAFKA_TOKEN_UNAVAILABLE')
    const wrapped = make('KafkaJSNonRetriableError', error, { cause: error })
    expect(kafkaErrors.classify(wrapped).fault).toBe('unreachable')
    expect(kafkaErrors.toValenceError(wrapped, 'VAL_PRODUCER_FAILED')).toBe(error)
  })
})
