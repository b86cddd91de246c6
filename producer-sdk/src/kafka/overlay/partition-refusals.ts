import type { KafkaJsError } from './internals.ts'
import { mostSevere } from './produce-batch.ts'

/** One partition, or a whole topic, in an answer of a broker. */
export interface Part {
  readonly topic: string
  readonly partition?: number
  readonly errorCode: number
}

/** kafkajs's parser of an answer: throws the first error code that it finds. */
export interface RefusalParser {
  // biome-ignore lint/suspicious/noExplicitAny: each answer has a shape of its own; its reader below knows it.
  parse: (data: any) => Promise<unknown>
}

type CreateError = (code: number) => KafkaJsError

const noError = 0
/** What a broker says of the parts of a request that are good, where another part is refused. */
const notAttempted = 55

interface Partitions {
  readonly partition: number
  readonly errorCode: number
}

type Topics = readonly { readonly topic: string; readonly partitions: readonly Partitions[] }[]

const byTopic = (topics: Topics): Part[] =>
  topics.flatMap(({ topic, partitions }) => partitions.map((own) => ({ topic, ...own })))

/** The parts of each answer that has an error code for each of them, by kafkajs's file. */
export const answerParts = {
  'protocol/requests/addPartitionsToTxn/v0/response.js': ({
    errors,
  }: {
    errors: readonly { topic: string; partitionErrors: readonly Partitions[] }[]
  }) => byTopic(errors.map(({ topic, partitionErrors: partitions }) => ({ topic, partitions }))),
  'protocol/requests/txnOffsetCommit/v0/response.js': ({ topics }: { topics: Topics }) => byTopic(topics),
  'protocol/requests/offsetCommit/v0/response.js': ({ responses }: { responses: Topics }) => byTopic(responses),
  'protocol/requests/metadata/v0/response.js': ({
    topicMetadata,
  }: {
    topicMetadata: readonly { topic: string; topicErrorCode: number }[]
  }) => topicMetadata.map(({ topic, topicErrorCode }) => ({ topic, errorCode: topicErrorCode })),
} as const

/**
 * The error of an answer: what stands for another part's failure never counts where there is that failure, what cannot
 * be retried counts first, and every part that failed with it is named.
 */
export function refusalOf(parts: readonly Part[], createErrorFromCode: CreateError): KafkaJsError | undefined {
  const failed = parts.filter(({ errorCode }) => errorCode !== noError)
  const real = failed.filter(({ errorCode }) => errorCode !== notAttempted)
  const told = (real.length > 0 ? real : failed).map((part) => ({ part, error: createErrorFromCode(part.errorCode) }))
  const error = mostSevere(told.map((own) => own.error)) as KafkaJsError | undefined
  const code = told.find((own) => own.error === error)?.part.errorCode
  if (error === undefined) return undefined
  const names = new Set(told.filter(({ part }) => part.errorCode === code).map(({ part }) => part.topic))
  error.message = `${error.message} (${names.size === 1 ? 'topic' : 'topics'} ${[...names].join(', ')})`
  return error
}

/**
 * Hunk W. Stock kafkajs throws the first error code of an answer: OPERATION_NOT_ATTEMPTED of a good partition hides that
 * another one is refused, and nothing tells which topic is meant.
 */
export function nameRefusals(
  parser: RefusalParser,
  // biome-ignore lint/suspicious/noExplicitAny: see RefusalParser.
  partsOf: (data: any) => readonly Part[],
  createErrorFromCode: CreateError,
): void {
  const { parse: stockParse } = parser
  parser.parse = async (data) => {
    const refusal = refusalOf(partsOf(data), createErrorFromCode)
    if (refusal) throw refusal
    return stockParse(data)
  }
}
