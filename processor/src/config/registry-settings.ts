import { pairs } from './lists.ts'
import { optional, secret, text, url } from './setting.ts'

/** How to reach the schema registry. */
export const registrySettings = {
  VALENCE_SCHEMA_REGISTRY_URL: optional(
    url('http', 'https'),
    'Base URL of a Confluent-compatible schema registry. Unset: JSON and bare texts only',
  ),
  VALENCE_SCHEMA_REGISTRY_USERNAME: optional(text, 'User name for the registry (basic authentication)'),
  VALENCE_SCHEMA_REGISTRY_PASSWORD: secret(text, 'Password for the registry (basic authentication)'),
  VALENCE_SCHEMA_REGISTRY_TOKEN_FILE: optional(
    text,
    'File with a bearer token for the registry; read for each request, so a renewed token needs no restart',
  ),
  VALENCE_SCHEMA_REGISTRY_OAUTH_TOKEN_URL: optional(
    url('http', 'https'),
    'Token endpoint for the registry, client credentials grant',
  ),
  VALENCE_SCHEMA_REGISTRY_OAUTH_CLIENT_ID: optional(text, 'Client id at the token endpoint of the registry'),
  VALENCE_SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET: secret(text, 'Client secret at the token endpoint of the registry'),
  VALENCE_SCHEMA_REGISTRY_OAUTH_SCOPE: optional(text, 'Scope requested from the token endpoint of the registry'),
  VALENCE_SCHEMA_REGISTRY_HEADERS: secret(
    pairs,
    'More headers for the registry, `name=value`, comma separated, such as `target-sr-cluster=lsrc-…,Confluent-Identity-Pool-Id=pool-…` for Confluent Cloud with tokens',
  ),
  VALENCE_SCHEMA_REGISTRY_TLS_CA_FILE: optional(text, 'PEM file of the CA that signed the certificate of the registry'),
  VALENCE_SCHEMA_REGISTRY_TLS_CERT_FILE: optional(text, 'PEM file of the client certificate for the registry (mTLS)'),
  VALENCE_SCHEMA_REGISTRY_TLS_KEY_FILE: optional(text, 'PEM file of the client key for the registry (mTLS)'),
} as const
