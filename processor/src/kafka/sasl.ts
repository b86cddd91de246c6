import { readFile } from 'node:fs/promises'
import type { KafkaOptions } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { createTokenSource, type TokenSource } from './bearer-token.ts'

/** Read at each login: whoever projects the file renews it in place. */
async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    throw new ValenceError('VAL_FILE_UNREADABLE', `${path} (VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE)`, { cause })
  }
}

function tokenSource(config: Config): TokenSource {
  const { kafkaSaslOauthTokenFile: path, kafkaSaslOauthTokenUrl: url } = config
  if (path !== undefined) return () => readToken(path)
  return createTokenSource({
    url: url as string,
    clientId: config.kafkaSaslOauthClientId as string,
    clientSecret: config.kafkaSaslOauthClientSecret as string,
    scope: config.kafkaSaslOauthScope,
  })
}

/** How the brokers learn who connects; undefined where only TLS tells, or nothing. */
export function saslOptions(config: Config): KafkaOptions['sasl'] {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = config
  if (mechanism === 'oauthbearer') {
    const token = tokenSource(config)
    return { mechanism, oauthBearerProvider: async () => ({ value: await token() }) }
  }
  if (!mechanism || !username || !password) return undefined
  return { mechanism, username, password } as NonNullable<KafkaOptions['sasl']>
}
