import type { KafkaCluster } from './local-stack.ts'

/** Newest release of the line that is tested; `pom.xml` and the Compose file name the same one. */
export const defaultKafkaVersion = '4.1.2'

/** The version to run: asked for by the caller, else by VALENCE_LOCAL_KAFKA_VERSION, else the default. */
export function kafkaVersionOf(options: { readonly kafkaVersion?: string }): string {
  return options.kafkaVersion ?? (process.env.VALENCE_LOCAL_KAFKA_VERSION || defaultKafkaVersion)
}

function noBroker(): Promise<never> {
  return Promise.reject(new RangeError('There is no broker: the stack was started without Kafka'))
}

/** The cluster of a stack that was started without Kafka. */
export const withoutKafka: KafkaCluster = {
  brokers: [],
  kill: noBroker,
  pause: noBroker,
  resume: noBroker,
  restart: noBroker,
  stop: async () => {},
}
