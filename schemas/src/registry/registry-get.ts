import { type IncomingMessage, type RequestOptions, request as requestInClear } from 'node:http'
import { request as requestByTls } from 'node:https'
import { text } from 'node:stream/consumers'
import { basicAuthorization, plainUrl } from '../url-credentials.ts'
import { agentFor, headersFor, type RegistryAnswer, type RegistryApiOptions, unavailable } from './registry-api.ts'

/** A response with its body as text too. */
export interface RawAnswer extends RegistryAnswer {
  readonly text: string
  readonly artifactType: string | undefined
}

/** Fetches a URL of the registry that the Confluent client does not support. Throws VAL_REGISTRY_UNAVAILABLE. */
export type RegistryGet = (url: string) => Promise<RawAnswer>

/** @param options `auth`, else the credentials in `url`, are sent */
export function createRegistryGet(options: RegistryApiOptions): RegistryGet {
  const { url, auth, tls, timeoutMs } = options
  const credentials =
    auth === undefined ? plainUrl(url).headers : { authorization: basicAuthorization(auth.username, auth.password) }
  const agent = tls && agentFor(tls)
  return async (place) => {
    const headers = { accept: 'application/json, */*', ...credentials, ...(await headersFor(options)) }
    try {
      const response = await get(place, { headers, agent, signal: AbortSignal.timeout(timeoutMs) })
      const body = await text(response)
      const artifactType = response.headers['x-registry-artifacttype']?.toString()
      return { place, status: response.statusCode ?? 0, body: parse(body), text: body, artifactType }
    } catch (cause) {
      throw unavailable(`${place}: ${(cause as Error).message}`, cause)
    }
  }
}

/** Node's own client, because its `fetch` takes no certificates. */
function get(place: string, options: RequestOptions): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const request = place.startsWith('https:') ? requestByTls : requestInClear
  request(place, options).once('response', resolve).once('error', reject).end()
  return promise
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
