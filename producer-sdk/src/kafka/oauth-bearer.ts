import { ValenceError } from '@valence/schemas'
import type { Mechanism, SASLOptions } from 'kafkajs'

type Authenticate = Parameters<Mechanism['authenticationProvider']>[0]['saslAuthenticate']

/** Result of an `oauthBearerProvider`. */
export interface BearerToken {
  readonly value: string
  /** SASL extensions (RFC 7628, 3.1), such as `logicalCluster` of Confluent Cloud. Not in kafkajs's types. */
  readonly extensions?: Readonly<Record<string, string>>
}

const separator = '\u0001'
const sizeBytes = 4

/** The client response of RFC 7628, 3.1, with the size prefix that kafkajs sends. */
function initialResponse({ value, extensions = {} }: BearerToken): Buffer {
  const pairs = [['auth', `Bearer ${value}`], ...Object.entries(extensions)]
  const text = Buffer.from(
    `n,,${separator}${pairs.map((pair) => `${pair.join('=')}${separator}`).join('')}${separator}`,
  )
  const framed = Buffer.alloc(sizeBytes + text.length)
  framed.writeInt32BE(text.length)
  framed.set(text, sizeBytes)
  return framed
}

/** A broker's response to a refused token: `{"status":"invalid_token"}`. */
function statusOf(answer: string): string {
  try {
    const { status } = JSON.parse(answer) as { status?: unknown }
    return typeof status === 'string' ? status.slice(0, 80) : 'refused'
  } catch {
    return 'refused'
  }
}

async function logIn(token: BearerToken, saslAuthenticate: Authenticate): Promise<void> {
  const asItIs = async (bytes: Buffer) => bytes
  const framed = (await saslAuthenticate({
    request: { encode: () => initialResponse(token) },
    response: { decode: asItIs, parse: asItIs },
  })) as Buffer | undefined
  const answer = framed?.subarray(sizeBytes).toString('utf8') ?? ''
  // An empty response means that the token was accepted.
  if (answer !== '') throw new ValenceError('VAL_KAFKA_AUTHENTICATION_FAILED', `OAUTHBEARER: ${statusOf(answer)}`)
}

/**
 * SASL options for kafkajs with another OAUTHBEARER implementation. By RFC 7628, a server may refuse a token in a
 * normal response. kafkajs treats it as success; its next request then closes the connection, and an invalid token
 * looks like an unreachable broker.
 */
export function hardenSasl(sasl: SASLOptions | Mechanism): SASLOptions | Mechanism {
  if (!('oauthBearerProvider' in sasl)) return sasl
  const { mechanism, oauthBearerProvider } = sasl
  return {
    mechanism,
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: async () => logIn(await oauthBearerProvider(), saslAuthenticate),
    }),
  }
}
