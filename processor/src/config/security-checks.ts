import type { Config } from './config-shape.ts'

const isSet = (value: unknown) => value !== undefined

/** A certificate and its key belong together. */
function pairCheck(certificate: unknown, key: unknown, prefix: string): string[] {
  if (isSet(certificate) === isSet(key)) return []
  return [`${prefix}_CERT_FILE and ${prefix}_KEY_FILE are set together or not at all`]
}

function passwordChecks({ kafkaSaslMechanism, kafkaSaslUsername, kafkaSaslPassword }: Config): string[] {
  const parts = [kafkaSaslMechanism, kafkaSaslUsername, kafkaSaslPassword]
  if (parts.some(isSet) && !parts.every(isSet)) {
    return ['VALENCE_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD are set together or not at all']
  }
  return []
}

function bearerChecks(config: Config): string[] {
  const { kafkaSaslOauthClientSecret: secret, kafkaSaslOauthAssertionKeyFile: keyFile } = config
  const client = [config.kafkaSaslOauthTokenUrl, config.kafkaSaslOauthClientId, secret ?? keyFile]
  const isPartial = client.some(isSet) && !client.every(isSet)
  const isDouble = isSet(secret) && isSet(keyFile)
  if (isPartial || isDouble || client.some(isSet) === isSet(config.kafkaSaslOauthTokenFile)) {
    const proof = 'either _CLIENT_SECRET or _ASSERTION_KEY_FILE'
    const ways = `VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE, or _TOKEN_URL with _CLIENT_ID and ${proof}`
    return [`VALENCE_KAFKA_SASL_MECHANISM=oauthbearer needs either ${ways}`]
  }
  return []
}

function saslChecks(config: Config): string[] {
  const { kafkaSaslMechanism: mechanism, kafkaSaslAwsRegion: region } = config
  if (mechanism === 'oauthbearer') return bearerChecks(config)
  if (mechanism !== 'aws-msk-iam') return passwordChecks(config)
  // The token is in the clear within the connection, and MSK serves it with TLS only.
  return region === undefined || !config.kafkaTlsEnabled
    ? [
        'VALENCE_KAFKA_SASL_MECHANISM=aws-msk-iam needs VALENCE_KAFKA_SASL_AWS_REGION and VALENCE_KAFKA_TLS_ENABLED=true',
      ]
    : []
}

function kafkaChecks(config: Config): string[] {
  const { kafkaTlsCaFile: ca, kafkaTlsCertFile: certificate, kafkaTlsKeyFile: key } = config
  const problems = [...saslChecks(config), ...pairCheck(certificate, key, 'VALENCE_KAFKA_TLS')]
  // Without this check, credentials meant for TLS would be sent unencrypted.
  if ([ca, certificate, key].some(isSet) && !config.kafkaTlsEnabled) {
    problems.push('VALENCE_KAFKA_TLS_*_FILE need VALENCE_KAFKA_TLS_ENABLED=true')
  }
  return problems
}

function registryChecks(config: Config): string[] {
  const { schemaRegistryTlsCaFile: ca, schemaRegistryTlsCertFile: certificate, schemaRegistryTlsKeyFile: key } = config
  const problems = pairCheck(certificate, key, 'VALENCE_SCHEMA_REGISTRY_TLS')
  if ([ca, certificate, key].some(isSet) && !config.schemaRegistryUrl?.startsWith('https:')) {
    problems.push('VALENCE_SCHEMA_REGISTRY_TLS_*_FILE need a VALENCE_SCHEMA_REGISTRY_URL that begins with https:')
  }
  const password = [config.schemaRegistryUsername, config.schemaRegistryPassword]
  const client = [
    config.schemaRegistryOauthTokenUrl,
    config.schemaRegistryOauthClientId,
    config.schemaRegistryOauthClientSecret,
  ]
  if ([password, client].some((parts) => parts.some(isSet) && !parts.every(isSet))) {
    const parts = '_USERNAME with _PASSWORD, and _OAUTH_TOKEN_URL with _OAUTH_CLIENT_ID and _OAUTH_CLIENT_SECRET'
    problems.push(`VALENCE_SCHEMA_REGISTRY${parts}, are set together or not at all`)
  }
  const ways = [password, client, [config.schemaRegistryTokenFile]].filter((parts) => parts.some(isSet))
  if (ways.length > 1) {
    problems.push('VALENCE_SCHEMA_REGISTRY_USERNAME, _TOKEN_FILE and _OAUTH_TOKEN_URL exclude each other')
  }
  return problems
}

function redisChecks({ redisTlsCaFile: ca, redisTlsCertFile, redisTlsKeyFile, redisUrl }: Config): string[] {
  const problems = pairCheck(redisTlsCertFile, redisTlsKeyFile, 'VALENCE_REDIS_TLS')
  // With `redis:` the certificates would be ignored and the password sent unencrypted.
  if ([ca, redisTlsCertFile, redisTlsKeyFile].some(isSet) && !redisUrl?.startsWith('rediss:')) {
    problems.push('VALENCE_REDIS_TLS_*_FILE need a VALENCE_REDIS_URL that begins with rediss:')
  }
  return problems
}

function httpChecks({ httpTlsCertFile, httpTlsKeyFile, httpTlsClientCaFile }: Config): string[] {
  const problems = pairCheck(httpTlsCertFile, httpTlsKeyFile, 'VALENCE_HTTP_TLS')
  if (isSet(httpTlsClientCaFile) && !isSet(httpTlsCertFile)) {
    problems.push('VALENCE_HTTP_TLS_CLIENT_CA_FILE needs VALENCE_HTTP_TLS_CERT_FILE')
  }
  return problems
}

/** Rules of credentials and certificates that involve several settings. */
export function securityChecks(config: Config): string[] {
  return [...kafkaChecks(config), ...registryChecks(config), ...redisChecks(config), ...httpChecks(config)]
}
