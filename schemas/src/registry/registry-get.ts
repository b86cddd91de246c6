import { basicAuthorization, plainUrl } from '../url-credentials.ts'
import { type RegistryAnswer, type RegistryApiOptions, unavailable } from './registry-api.ts'

/** A response with its body as text too. */
export interface RawAnswer extends RegistryAnswer {
  readonly text: string
  readonly artifactType: string | undefined
}

/** Fetches a URL of the registry that the Confluent client does not support. Throws VAL_REGISTRY_UNAVAILABLE. */
export type RegistryGet = (url: string) => Promise<RawAnswer>

/** @param options `auth`, else the credentials in `url`, are sent */
export function createRegistryGet({ url, auth, timeoutMs }: RegistryApiOptions): RegistryGet {
  const own =
    auth === undefined ? plainUrl(url).headers : { authorization: basicAuthorization(auth.username, auth.password) }
  const headers = { accept: 'application/json, */*', ...own }
  return async (place) => {
    try {
      const response = await fetch(place, { headers, signal: AbortSignal.timeout(timeoutMs) })
      const text = await response.text()
      const artifactType = response.headers.get('x-registry-artifacttype') ?? undefined
      return { place, status: response.status, body: parse(text), text, artifactType }
    } catch (cause) {
      throw unavailable(`${place}: ${(cause as Error).message}`, cause)
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
