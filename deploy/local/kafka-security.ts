/** Certificates and keys (PEM) and logins of a secured broker, in addition to its plain listener. */
export interface KafkaSecurity {
  /** The broker's own certificate chain and its key (PKCS #8). */
  readonly certificate: string
  readonly key: string
  /** CA of the client certificates. */
  readonly clientAuthority: string
  /** SCRAM-SHA-512: user → password. */
  readonly users: Readonly<Record<string, string>>
  /** Issuer of OAUTHBEARER tokens. */
  readonly tokens?: { readonly keySetUrl: string; readonly issuer: string; readonly audience: string }
}

/** `host:port` of the listeners of a secured broker, without the plain one. */
export interface SecuredListeners {
  /** TLS without client authentication. */
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
 * Only ACLs grant permissions, except on the plain listener, whose clients are super users: the brokers and the tests
 * that grant and revoke. The plain listener is on loopback only.
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

/** JVM flags: since Kafka 4.0, a broker fetches token keys only from URLs that are listed here. */
export function securityFlags({ tokens }: KafkaSecurity): string[] {
  return tokens ? [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${tokens.keySetUrl}`] : []
}

/** Arguments of `kafka-storage format` that create the users of a new cluster. */
export function userArguments({ users }: KafkaSecurity): string[] {
  // 4096 iterations are the broker's minimum; more would only slow tests down.
  return Object.entries(users).flatMap(([name, password]) => [
    '--add-scram',
    `SCRAM-SHA-512=[name=${name},iterations=4096,password=${password}]`,
  ])
}
