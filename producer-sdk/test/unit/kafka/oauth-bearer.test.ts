import type { Mechanism, SASLOptions } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { hardenSasl } from '../../../src/kafka/oauth-bearer.ts'

type Arguments = Parameters<Mechanism['authenticationProvider']>[0]

const bearer: SASLOptions = { mechanism: 'oauthbearer', oauthBearerProvider: async () => ({ value: 'token' }) }

/** A broker's answer behind its size, as kafkajs hands it on. */
function framed(answer: string): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(Buffer.byteLength(answer))
  return Buffer.concat([size, Buffer.from(answer)])
}

/** Logs in at a broker that answers like this; gives what it was sent. */
async function logIn(answer: string, sasl = bearer): Promise<Buffer | undefined> {
  let sent: Buffer | undefined
  const saslAuthenticate = async ({ request, response }: Parameters<Arguments['saslAuthenticate']>[0]) => {
    sent = await request.encode()
    return response && (await response.parse(await response.decode(framed(answer))))
  }
  const { authenticationProvider } = hardenSasl(sasl) as Mechanism
  await authenticationProvider({ saslAuthenticate } as unknown as Arguments).authenticate()
  return sent
}

describe('hardenSasl', () => {
  it('sends the token as RFC 7628 has it', async () => {
    expect((await logIn(''))?.subarray(4).toString()).toBe('n,,\u0001auth=Bearer token\u0001\u0001')
  })

  it('sends extensions behind the token', async () => {
    const token = { value: 'token', extensions: { logicalCluster: 'lkc-1', identityPoolId: 'pool-2' } }
    const sent = await logIn('', { mechanism: 'oauthbearer', oauthBearerProvider: async () => token })
    expect(sent?.subarray(4).toString()).toBe(
      'n,,\u0001auth=Bearer token\u0001logicalCluster=lkc-1\u0001identityPoolId=pool-2\u0001\u0001',
    )
  })

  it.each([
    ['{"status":"invalid_token"}', 'OAUTHBEARER: invalid_token'],
    ['{"status":7}', 'OAUTHBEARER: refused'],
    ['no json', 'OAUTHBEARER: refused'],
  ])('takes the answer %s for a refusal', async (answer, detail) => {
    await expect(logIn(answer)).rejects.toMatchObject({ code: 'VAL_KAFKA_AUTHENTICATION_FAILED', detail })
  })

  it('leaves other mechanisms to kafkajs', () => {
    const scram: SASLOptions = { mechanism: 'scram-sha-512', username: 'me', password: 'secret' }
    expect(hardenSasl(scram)).toBe(scram)
  })
})
