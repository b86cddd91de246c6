import { basicAuthorization, plainUrl } from '../url-credentials.ts'
import { type RegistryAnswer, type RegistryApiOptions, unavailable } from './registry-api.ts'

/** An answer as it came: its body as text, for what is no JSON to be parsed. */
export interface RawAnswer extends RegistryAnswer {
  readonly text: string
  readonly artifactType: string | undefined
}

/** Reads one URL of the registry, for what its Confluent client does not know. Throws VAL_REGISTRY_UNAVAILABLE. */
export type RegistryGet = (url: string) => Promise<RawAnswer>

/** @param options whose URL may carry the credentials, as that of the other client may */
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
