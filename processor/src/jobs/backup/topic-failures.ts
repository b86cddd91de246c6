import { isValenceError, type ValenceError } from '@valence/schemas'
import { translateKafkaError } from '../../kafka/kafka-admin.ts'

/** An error of one topic or one of its partitions. */
export interface TopicFailure {
  readonly topic: string
  readonly error: ValenceError
}

/** Returns an error of the topic itself. Rethrows errors of the cluster and retryable ones: they affect all topics. */
export function ownFault(error: unknown): ValenceError {
  const translated = translateKafkaError(error)
  if (!isValenceError(translated)) throw translated
  if (translated.retryable || translated.row.scope === 'cluster') throw translated
  return translated
}
