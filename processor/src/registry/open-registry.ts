import { createSchemaRegistry, type SchemaRegistry, type SchemaRegistryOptions, ValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { textFieldsOf } from '../config/text-fields.ts'
import { createTokenFile, createTokenSource, type TokenSource } from '../platform/oauth-token.ts'
import { readTlsFiles } from '../platform/tls-files.ts'

const prefix = 'VALENCE_SCHEMA_REGISTRY'

/** The bearer token of the configuration; undefined where a password does, or nothing. */
function tokenSource(config: Config): TokenSource | undefined {
  const { schemaRegistryTokenFile: path, schemaRegistryOauthTokenUrl: url } = config
  if (path !== undefined) return createTokenFile(path, `${prefix}_TOKEN_FILE`)
  if (url === undefined) return undefined
  const unavailable = (detail: string, cause?: unknown) =>
    new ValenceError('VAL_REGISTRY_UNAVAILABLE', `token: ${detail}`, { cause })
  return createTokenSource({
    url,
    clientId: config.schemaRegistryOauthClientId as string,
    proof: { secret: config.schemaRegistryOauthClientSecret as string },
    scope: config.schemaRegistryOauthScope,
    refused: unavailable,
    unavailable,
  })
}

function headers(config: Config): SchemaRegistryOptions['headers'] {
  const { schemaRegistryHeaders: more } = config
  const token = tokenSource(config)
  if (token === undefined) return more && (async () => more)
  return async () => ({ ...more, authorization: `Bearer ${await token()}` })
}

function tls(config: Config): SchemaRegistryOptions['tls'] {
  const { schemaRegistryTlsCaFile: ca, schemaRegistryTlsCertFile: cert, schemaRegistryTlsKeyFile: key } = config
  const files = readTlsFiles(`${prefix}_TLS`, { ca, cert, key })
  return files.ca === undefined && files.cert === undefined ? undefined : files
}

/** The schema registry of the configuration; undefined if none is configured. @throws VAL_FILE_UNREADABLE */
export function openRegistry(config: Config): SchemaRegistry | undefined {
  const { schemaRegistryUrl: url, schemaRegistryUsername: username, schemaRegistryPassword: password } = config
  if (url === undefined) return undefined
  const auth = username && password ? { username, password } : undefined
  return createSchemaRegistry({
    url,
    auth,
    headers: headers(config),
    tls: tls(config),
    textFields: textFieldsOf(config),
  })
}
