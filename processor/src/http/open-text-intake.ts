import { createTextProducer } from '@valence/producer-sdk'
import { isValenceError, type SchemaRegistry, ValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { createKafkaClient } from '../kafka/kafka-client.ts'
import { openBreaker } from '../observability/open-breaker.ts'
import type { OpeningContext } from '../observability/service-context.ts'
import { guardRegistry } from '../registry/guarded-registry.ts'
import { openRegistry } from '../registry/open-registry.ts'
import type { SharedAnswers } from './shared-answers.ts'
import { type ProduceText, TextIntake } from './text-intake.ts'

/** A produce that takes longer is answered with 503. */
const produceTimeoutMs = 5_000
const registryTimeoutMs = 5_000

/** The configured registry behind a breaker of its own; undefined where none is configured. */
export function openGuardedRegistry(base: OpeningContext): SchemaRegistry | undefined {
  const registry = openRegistry(base.config)
  return registry && guardRegistry(registry, openBreaker(base, 'registry', registryTimeoutMs))
}

function inputTopic({ inputTopics }: Config): string {
  return inputTopics[0] as string
}

/** An idempotent producer for the input topic, behind a breaker. */
export function openTextIntake(
  base: OpeningContext,
  schemaRegistry: SchemaRegistry | undefined,
  answers: SharedAnswers | undefined,
): TextIntake {
  const { config, logger, closers } = base
  const producer = createTextProducer({
    kafka: createKafkaClient(config, 'intake', logger),
    schemaRegistry,
    topic: inputTopic(config),
    compression: config.kafkaCompression,
    lingerMs: 2,
    deliveryRetry: { retries: 4, initialRetryTime: 100, maxRetryTime: 1_000 },
  })
  closers.defer(() => producer.close())
  const breaker = openBreaker(base, 'kafka', produceTimeoutMs)
  const produce: ProduceText = async (event, headers) => {
    let refusal: ValenceError | undefined
    try {
      const sent = await breaker.run(async () => {
        try {
          return await producer.send(event, { headers })
        } catch (error) {
          // The record is refused, so Kafka works: no failure for the breaker.
          if (!isValenceError(error) || !error.deadLetter) throw error
          refusal = error
          return undefined
        }
      })
      if (sent) return sent
    } catch (cause) {
      throw new ValenceError('VAL_INTAKE_UNAVAILABLE', isValenceError(cause) ? cause.code : undefined, { cause })
    }
    throw refusal ?? new ValenceError('VAL_INTAKE_UNAVAILABLE')
  }
  return new TextIntake(produce, answers)
}
