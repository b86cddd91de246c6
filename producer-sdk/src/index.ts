export {
  type ErrorCode,
  type HeaderRecord,
  type HeaderValue,
  isValenceError,
  type RecordHeader,
  type RecordHeaders,
  type ScoredEvent,
  ValenceError,
} from '@valence/schemas'
export { createScoreClient, type ScoreClient, type ScoreClientOptions, ScoreError } from './client/index.ts'
export type { ClientOptions, Connection, RegistryConnection } from './connection.ts'
export { createScoreConsumer, type ScoreConsumer, type ScoreConsumerOptions } from './consumer/score-consumer.ts'
export { createScoreDecoder, type ScoreDecoder } from './consumer/score-decoder.ts'
export type { ScoreHandler, ScoreHandlers, ScoreMeta } from './consumer/score-handler.ts'
export {
  createTextProducer,
  type SendAllOptions,
  type SentText,
  type TextInput,
  type TextProducer,
  type TextProducerOptions,
} from './producer/text-producer.ts'
export type { HeadersInput, SendOptions, TextFormat } from './producer/text-record.ts'
