import { isValenceError, type ValenceError } from '@valence/schemas'
import { translateKafkaError } from '../../kafka/kafka-admin.ts'

/** What went wrong with one topic, or with a partition of it. */
export interface TopicFailure {
  readonly topic: string
  readonly error: ValenceError
}

/** The error where the topic is at fault; what would meet every other topic as well is thrown on. */
export function ownFault(error: unknown): ValenceError {
  const translated = translateKafkaError(error)
  if (!isValenceError(translated)) throw translated
  if (translated.retryable || translated.row.scope === 'cluster') throw translated
  return translated
}
