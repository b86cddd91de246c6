import { kafkaErrors } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'

/** For `catch`: brokers say that a topic is missing without its name. Any other error is thrown as it is. */
export function nameMissingTopic(...topics: readonly string[]): (error: unknown) => never {
  return (cause) => {
    if (kafkaErrors.classify(cause).fault !== 'topic-missing') throw cause
    const names = topics.length === 1 ? topics[0] : `one of ${topics.join(', ')}`
    throw new ValenceError('VAL_KAFKA_TOPIC_MISSING', names, { cause })
  }
}
