import type { KafkaOptions } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { createTokenFile, createTokenSource, type TokenSource } from '../platform/oauth-token.ts'

const prefix = 'VALENCE_KAFKA_SASL'
const unavailable = (detail: string, cause?: unknown) =>
  new ValenceError('VAL_KAFKA_TOKEN_UNAVAILABLE', detail, { cause })

function issuedTokens(config: Config): TokenSource {
  const { kafkaSaslOauthAssertionKeyFile: keyFile, kafkaSaslOauthAssertionKeyId: keyId } = config
  return createTokenSource({
    url: config.kafkaSaslOauthTokenUrl as string,
    clientId: config.kafkaSaslOauthClientId as string,
    proof:
      keyFile === undefined
        ? { secret: config.kafkaSaslOauthClientSecret as string }
        : { keyFile, keyId, setting: `${prefix}_OAUTH_ASSERTION_KEY_FILE` },
    scope: config.kafkaSaslOauthScope,
    refused: (detail) => new ValenceError('VAL_KAFKA_AUTHENTICATION_FAILED', detail),
    unavailable,
  })
}

/** Tokens of Amazon MSK: a signed request in base64, made here from AWS credentials of the default chain. */
function amazonTokens(region: string): TokenSource {
  return async () => {
    // Loaded where it is used only, because it brings the AWS SDK.
    const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js')
    try {
      return (await generateAuthToken({ region })).token
    } catch (cause) {
      throw unavailable(`AWS credentials: ${(cause as Error).message}`, cause)
    }
  }
}

function bearer(token: TokenSource, extensions: Readonly<Record<string, string>> = {}): KafkaOptions['sasl'] {
  const oauthBearerProvider = async () => ({ value: await token(), extensions })
  return { mechanism: 'oauthbearer', oauthBearerProvider } as KafkaOptions['sasl']
}

/** How the brokers learn who connects; undefined where only TLS tells, or nothing. */
export function saslOptions(config: Config): KafkaOptions['sasl'] {
  const { kafkaSaslMechanism: mechanism, kafkaSaslUsername: username, kafkaSaslPassword: password } = config
  if (mechanism === 'aws-msk-iam') return bearer(amazonTokens(config.kafkaSaslAwsRegion as string))
  if (mechanism === 'oauthbearer') {
    const { kafkaSaslOauthTokenFile: path, kafkaSaslOauthExtensions: extensions } = config
    return bearer(
      path === undefined ? issuedTokens(config) : createTokenFile(path, `${prefix}_OAUTH_TOKEN_FILE`),
      extensions,
    )
  }
  if (!mechanism || !username || !password) return undefined
  return { mechanism, username, password } as NonNullable<KafkaOptions['sasl']>
}
