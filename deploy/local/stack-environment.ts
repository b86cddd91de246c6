export interface StackAddresses {
  readonly brokers: string
  readonly registryUrl: string
  readonly redisUrl: string
}

/** The addresses as settings of Valence; empty ones are omitted. */
export function stackEnvironment({ brokers, registryUrl, redisUrl }: StackAddresses): Record<string, string> {
  const settings = {
    VALENCE_KAFKA_BROKERS: brokers,
    VALENCE_SCHEMA_REGISTRY_URL: registryUrl,
    VALENCE_REDIS_URL: redisUrl,
  }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== ''))
}
