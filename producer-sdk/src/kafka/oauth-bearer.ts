import { ValenceError } from '@valence/schemas'
import type { Mechanism, SASLOptions } from 'kafkajs'

type Authenticate = Parameters<Mechanism['authenticationProvider']>[0]['saslAuthenticate']

/** What an `oauthBearerProvider` gives. */
export interface BearerToken {
  readonly value: string
  /** SASL extensions (RFC 7628, 3.1), such as `logicalCluster` of Confluent Cloud. kafkajs's types do not know them. */
  readonly extensions?: Readonly<Record<string, string>>
}

const separator = '\u0001'
const sizeBytes = 4

/** RFC 7628, 3.1, behind its size as kafkajs sends it. */
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

/** What a broker says of a token it refuses: `{"status":"invalid_token"}`. */
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
  // An empty answer is a welcome.
  if (answer !== '') throw new ValenceError('VAL_KAFKA_AUTHENTICATION_FAILED', `OAUTHBEARER: ${statusOf(answer)}`)
}

/**
 * SASL options for kafkajs, OAUTHBEARER replaced: RFC 7628 lets a server refuse a token in an ordinary answer, which
 * kafkajs takes for a welcome; its next request then ends the connection, and a wrong token looks like a dead broker.
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
