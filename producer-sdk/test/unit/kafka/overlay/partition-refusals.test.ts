import { describe, expect, it } from 'vitest'
import { kafkaErrors } from '../../../../src/kafka/kafka-errors.ts'
import {
  answerParts,
  nameRefusals,
  type RefusalParser,
  refusalOf,
} from '../../../../src/kafka/overlay/partition-refusals.ts'
import { createErrorFromCode, stockModule } from '../../../support/stock-kafkajs.ts'

const codes = { none: 0, notLeader: 6, unknownTopic: 3, refused: 29, notAttempted: 55 }

/** All orders of the values. */
function orders<Value>(values: readonly Value[]): Value[][] {
  if (values.length < 2) return [[...values]]
  return values.flatMap((first, at) => orders(values.toSpliced(at, 1)).map((rest) => [first, ...rest]))
}

const partsWith = (own: readonly number[]) => own.map((errorCode) => ({ topic: `t${errorCode}`, errorCode }))

describe('the error of an answer with a code for each partition', () => {
  it.each([
    ['TOPIC_AUTHORIZATION_FAILED', [codes.refused, codes.notAttempted, codes.none]],
    ['UNKNOWN_TOPIC_OR_PARTITION', [codes.unknownTopic, codes.notAttempted, codes.none]],
    ['TOPIC_AUTHORIZATION_FAILED', [codes.refused, codes.unknownTopic, codes.notAttempted, codes.notLeader]],
    ['OPERATION_NOT_ATTEMPTED', [codes.notAttempted, codes.none]],
  ])('is %s of %j in every order, and names the topic', (type, own) => {
    for (const order of orders(own)) {
      const error = refusalOf(partsWith(order), createErrorFromCode)
      expect(error).toMatchObject({ type, message: expect.stringMatching(/ \(topic t\d+\)$/) })
    }
  })

  it('names each topic that failed with it, once', () => {
    const parts = ['a', 'a', 'b'].map((topic) => ({ topic, errorCode: codes.refused }))
    expect(refusalOf(parts, createErrorFromCode)?.message).toMatch(/ \(topics a, b\)$/)
  })

  it('is none where every partition succeeded', () => {
    expect(refusalOf(partsWith([codes.none, codes.none]), createErrorFromCode)).toBeUndefined()
  })
})

describe('nameRefusals', () => {
  const [masked, refused] = [
    { partition: 0, errorCode: codes.notAttempted },
    { partition: 1, errorCode: codes.refused },
  ]
  const answers = {
    'protocol/requests/addPartitionsToTxn/v0/response.js': {
      errors: [
        { topic: 'good', partitionErrors: [masked] },
        { topic: 'bad', partitionErrors: [refused] },
      ],
    },
    'protocol/requests/txnOffsetCommit/v0/response.js': {
      topics: [
        { topic: 'good', partitions: [masked] },
        { topic: 'bad', partitions: [refused] },
      ],
    },
    'protocol/requests/offsetCommit/v0/response.js': {
      responses: [
        { topic: 'good', partitions: [masked] },
        { topic: 'bad', partitions: [refused] },
      ],
    },
    'protocol/requests/metadata/v0/response.js': {
      topicMetadata: [
        { topic: 'good', topicErrorCode: codes.none, partitionMetadata: [] },
        { topic: 'bad', topicErrorCode: codes.refused, partitionMetadata: [] },
      ],
    },
  } as const

  it.each(Object.keys(answerParts) as (keyof typeof answerParts)[])(
    'tells of %s which topic is refused',
    async (file) => {
      const stock = stockModule<RefusalParser>(file)
      const stockError: Error = await stock.parse(answers[file]).then(
        () => expect.unreachable(),
        (error: Error) => error,
      )
      expect(stockError.message).not.toContain('bad')

      const own: RefusalParser = { parse: stock.parse }
      nameRefusals(own, answerParts[file], createErrorFromCode)
      const error = await own.parse(answers[file]).catch((reason: unknown) => reason)
      expect(kafkaErrors.toValenceError(error, 'VAL_KAFKA_TRANSACTION_FAILED')).toMatchObject({
        code: 'VAL_KAFKA_NOT_AUTHORISED',
        message: expect.stringContaining('(topic bad)'),
      })
    },
  )
})
