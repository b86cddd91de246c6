import { writeFileSync } from 'node:fs'
import type { SecuredListeners } from '@valence/deploy/local/kafka-security'
import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import type { Admin } from '@valence/producer-sdk/kafka'
import { loadKafkaJs } from '@valence/producer-sdk/kafka'
import { TestKafka } from '../counting/workload.ts'
import { TokenEndpoint } from '../parts/token-endpoint.ts'
import { TokenIssuer } from '../parts/token-issuer.ts'
import { Certificates } from './certificates.ts'

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = loadKafkaJs()

/** What one user may do to one resource; `prefix` stands for all names that begin with it. */
export interface Grant {
  readonly resource: 'topic' | 'group' | 'transactional id' | 'cluster'
  readonly name: string
  readonly prefix?: true
  readonly operation: 'Read' | 'Write' | 'Describe' | 'Create' | 'IdempotentWrite'
}

const resourceTypes = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  'transactional id': AclResourceTypes.TRANSACTIONAL_ID,
  cluster: AclResourceTypes.CLUSTER,
} as const

const operations = {
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
  Create: AclOperationTypes.CREATE,
  IdempotentWrite: AclOperationTypes.IDEMPOTENT_WRITE,
} as const

function entryOf(user: string, { resource, name, prefix, operation }: Grant) {
  return {
    resourceType: resourceTypes[resource],
    resourceName: name,
    resourcePatternType: prefix ? ResourcePatternTypes.PREFIXED : ResourcePatternTypes.LITERAL,
    principal: `User:${user}`,
    host: '*',
    operation: operations[operation],
    permissionType: AclPermissionTypes.ALLOW,
  }
}

/** `Read on topic texts`: for titles of tests. */
export function grantName({ operation, resource, name, prefix }: Grant): string {
  return `${operation} on ${resource} ${name}${prefix ? '*' : ''}`
}

type Environment = Readonly<Record<string, string>>

/**
 * A broker with TLS, SASL and ACLs, where nobody may do anything unless a test grants it, and everything that a client
 * needs to log in.
 */
export class SecuredKafka implements AsyncDisposable {
  readonly kafka: TestKafka
  readonly certificates: Certificates
  readonly endpoint: TokenEndpoint
  readonly #stack: LocalStack
  readonly #issuer: TokenIssuer
  /** Whom the issuer's tokens name. */
  subject = 'token-user'

  private constructor(parts: {
    kafka: TestKafka
    certificates: Certificates
    endpoint: TokenEndpoint
    stack: LocalStack
    issuer: TokenIssuer
  }) {
    this.kafka = parts.kafka
    this.certificates = parts.certificates
    this.endpoint = parts.endpoint
    this.#stack = parts.stack
    this.#issuer = parts.issuer
    this.endpoint.answer = async () => ({
      status: 200,
      body: { access_token: await this.token(), token_type: 'Bearer', expires_in: 600 },
    })
  }

  /** @param users SCRAM users; the password of `ann` is `ann-secret` */
  static async start(users: readonly string[]): Promise<SecuredKafka> {
    const certificates = new Certificates()
    for (const authority of ['brokers', 'clients']) await certificates.authority(authority)
    await certificates.certify('broker', { by: 'brokers' })
    const issuer = await TokenIssuer.start()
    const endpoint = await TokenEndpoint.start(() => ({ status: 503, body: {} }))
    const { cert, key } = certificates.read('broker')
    const stack = await startLocalStack({
      parts: ['kafka'],
      // Every login of a test ends while it runs, and is shorter than the 10 s that kafkajs expects of one.
      kafkaProperties: { 'connections.max.reauth.ms': '8000' },
      kafkaSecurity: {
        certificate: cert.toString(),
        key: key.toString(),
        clientAuthority: certificates.read('clients').cert.toString(),
        users: Object.fromEntries(users.map((user) => [user, `${user}-secret`])),
        tokens: { keySetUrl: `http://127.0.0.1:${issuer.port}/jwks`, issuer: issuer.name, audience: issuer.audience },
      },
    })
    const kafka = await TestKafka.connect(stack.brokers)
    return new SecuredKafka({ kafka, certificates, endpoint, stack, issuer })
  }

  get admin(): Admin {
    return this.kafka.admin
  }

  get #listeners(): SecuredListeners {
    if (!this.#stack.kafka.secured) throw new Error('the stack has no secured listeners')
    return this.#stack.kafka.secured
  }

  async token(issuer = this.#issuer): Promise<string> {
    const { authorization } = await issuer.headers({ sub: this.subject })
    return authorization.replace('Bearer ', '')
  }

  /** TLS only: whoever comes is unknown. */
  tls(): Environment {
    return this.#trusting(this.#listeners.tls)
  }

  /** @param name a certificate of `certificates` */
  mtls(name: string): Environment {
    return {
      ...this.#trusting(this.#listeners.mtls),
      VALENCE_KAFKA_TLS_CERT_FILE: this.certificates.path(`${name}.crt`),
      VALENCE_KAFKA_TLS_KEY_FILE: this.certificates.path(`${name}.key`),
    }
  }

  /** TLS on the listener for client certificates, without one. */
  certificateless(): Environment {
    return this.#trusting(this.#listeners.mtls)
  }

  scram(user: string, password = `${user}-secret`): Environment {
    return {
      ...this.#trusting(this.#listeners.sasl),
      VALENCE_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      VALENCE_KAFKA_SASL_USERNAME: user,
      VALENCE_KAFKA_SASL_PASSWORD: password,
    }
  }

  /** Tokens from the endpoint, by the client credentials grant. */
  oauth(): Environment {
    return {
      ...this.#trusting(this.#listeners.sasl),
      VALENCE_KAFKA_SASL_MECHANISM: 'oauthbearer',
      VALENCE_KAFKA_SASL_OAUTH_TOKEN_URL: this.endpoint.url,
      VALENCE_KAFKA_SASL_OAUTH_CLIENT_ID: 'valence',
      VALENCE_KAFKA_SASL_OAUTH_CLIENT_SECRET: 'valence-secret',
    }
  }

  /** This very token, from a file. */
  tokenFile(token: string): Environment {
    const path = this.certificates.path('token')
    writeFileSync(path, token)
    return {
      ...this.#trusting(this.#listeners.sasl),
      VALENCE_KAFKA_SASL_MECHANISM: 'oauthbearer',
      VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE: path,
    }
  }

  #trusting(brokers: string): Environment {
    return {
      VALENCE_KAFKA_BROKERS: brokers,
      VALENCE_KAFKA_TLS_ENABLED: 'true',
      VALENCE_KAFKA_TLS_CA_FILE: this.certificates.path('brokers.crt'),
    }
  }

  async grant(user: string, grants: readonly Grant[]): Promise<void> {
    if (grants.length === 0) return
    await this.admin.createAcls({ acl: grants.map((grant) => entryOf(user, grant)) })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kafka.close()
    await this.#stack.stop()
    await Promise.all([this.endpoint, this.#issuer].map((server) => server[Symbol.asyncDispose]()))
    this.certificates[Symbol.dispose]()
  }
}
