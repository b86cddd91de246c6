import type { KafkaCluster } from './local-stack.ts'

/** The default version, which the whole test suite runs on; `pom.xml` and the Compose file have the same version. */
export const defaultKafkaVersion = '4.1.2'

/** The version to run: of the caller, else of VALENCE_LOCAL_KAFKA_VERSION, else the default. */
export function kafkaVersionOf(options: { readonly kafkaVersion?: string }): string {
  return options.kafkaVersion ?? (process.env.VALENCE_LOCAL_KAFKA_VERSION || defaultKafkaVersion)
}

function noBroker(): Promise<never> {
  return Promise.reject(new RangeError('There is no broker: the stack was started without Kafka'))
}

/** The placeholder cluster of a stack without Kafka. */
export const withoutKafka: KafkaCluster = {
  brokers: [],
  kill: noBroker,
  pause: noBroker,
  resume: noBroker,
  restart: noBroker,
  stop: async () => {},
}
