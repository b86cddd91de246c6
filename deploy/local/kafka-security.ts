/** What a secured broker needs beside its plain listener; all of it PEM, none of it made here. */
export interface KafkaSecurity {
  /** The broker's own certificate chain and its key (PKCS #8). */
  readonly certificate: string
  readonly key: string
  /** Signs the certificates of clients. */
  readonly clientAuthority: string
  /** SCRAM-SHA-512: user → password. */
  readonly users: Readonly<Record<string, string>>
  /** Who issues OAUTHBEARER tokens. */
  readonly tokens?: { readonly keySetUrl: string; readonly issuer: string; readonly audience: string }
}

/** `host:port` of the listeners that a secured broker has beside the plain one. */
export interface SecuredListeners {
  /** TLS, clients unknown. */
  readonly tls: string
  /** TLS with client certificates: `CN=name` is `User:name`. */
  readonly mtls: string
  /** TLS with SCRAM-SHA-512 or OAUTHBEARER. */
  readonly sasl: string
}

export const securedProtocols = { TLS: 'SSL', MTLS: 'SSL', SASL: 'SASL_SSL' } as const

const security = 'org.apache.kafka.common.security'

function tokenProperties({ keySetUrl, issuer, audience }: NonNullable<KafkaSecurity['tokens']>) {
  return {
    'sasl.oauthbearer.jwks.endpoint.url': keySetUrl,
    'sasl.oauthbearer.expected.issuer': issuer,
    'sasl.oauthbearer.expected.audience': audience,
    'listener.name.sasl.oauthbearer.sasl.jaas.config': `${security}.oauthbearer.OAuthBearerLoginModule required;`,
    'listener.name.sasl.oauthbearer.sasl.server.callback.handler.class': `${security}.oauthbearer.OAuthBearerValidatorCallbackHandler`,
  }
}

/**
 * Nothing is allowed that no ACL allows, save to whoever comes through the plain listener: the brokers themselves and
 * the tests that grant and revoke. That one stays on loopback.
 */
export function securityProperties({ certificate, key, clientAuthority, tokens }: KafkaSecurity) {
  return {
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.certificate.chain': certificate,
    'ssl.keystore.key': key,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.certificates': clientAuthority,
    'listener.name.mtls.ssl.client.auth': 'required',
    'ssl.principal.mapping.rules': 'RULE:^CN=([^,]+).*$/$1/,DEFAULT',
    'listener.name.sasl.sasl.enabled.mechanisms': tokens ? 'SCRAM-SHA-512,OAUTHBEARER' : 'SCRAM-SHA-512',
    'listener.name.sasl.scram-sha-512.sasl.jaas.config': `${security}.scram.ScramLoginModule required;`,
    ...(tokens ? tokenProperties(tokens) : {}),
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'allow.everyone.if.no.acl.found': 'false',
    'super.users': 'User:ANONYMOUS',
  }
}

/** Flags of the broker's Java: since Kafka 4.0 a broker fetches keys from no address that is not named here. */
export function securityFlags({ tokens }: KafkaSecurity): string[] {
  return tokens ? [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${tokens.keySetUrl}`] : []
}

/** Arguments of `kafka-storage format` that give a new cluster its users. */
export function userArguments({ users }: KafkaSecurity): string[] {
  // 4096 is the least that the broker takes; a test need not wait for more.
  return Object.entries(users).flatMap(([name, password]) => [
    '--add-scram',
    `SCRAM-SHA-512=[name=${name},iterations=4096,password=${password}]`,
  ])
}
