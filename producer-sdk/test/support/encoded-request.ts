import type { ProtocolRequest } from '../../src/kafka/overlay/internals.ts'

/** What a request that was handed to a connection says, and its bytes on the wire. */
export async function encoded(request: ProtocolRequest | undefined) {
  if (!request) throw new Error('nothing was sent')
  const { apiName, apiVersion, encode } = request.request as {
    apiName: string
    apiVersion: number
    encode(): Promise<{ buffer: Buffer }>
  }
  return { apiName, apiVersion, bytes: (await encode()).buffer }
}
