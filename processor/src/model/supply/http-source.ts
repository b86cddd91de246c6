import { ValenceError } from '@valence/schemas'
import { redactUrl } from '../../config/redaction.ts'
import { allowedTransport, allowedUri } from './allow-list.ts'
import { type ModelSource, rangeStart, readSmall } from './model-source.ts'

export interface HttpSourceOptions {
  /** Every request, also a redirected one, must be under one of these prefixes. */
  readonly prefixes: readonly string[]
  /** Configured prefixes; they may allow plain http. */
  readonly explicit: readonly string[]
  /** Bearer token; sent only to the host of the manifest. */
  readonly token?: string | undefined
}

/** Maximum redirects. Chosen, not measured: a registry needs one or two. */
const maxRedirects = 5

function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}

function refusal(status: number, uri: URL): ValenceError {
  const detail = `${redactUrl(uri)} answers ${status}`
  if (status === 404 || status === 410) return new ValenceError('VAL_MODEL_MISSING', detail)
  if (status >= 500 || status === 429 || status === 408)
    return new ValenceError('VAL_MODEL_REGISTRY_UNAVAILABLE', detail)
  return new ValenceError('VAL_MODEL_REGISTRY_REFUSED', detail)
}

function decoded(part: string, uri: URL): string {
  try {
    return decodeURIComponent(part)
  } catch (cause) {
    throw new ValenceError('VAL_MODEL_URI_REFUSED', `${redactUrl(uri)} has credentials that are not UTF-8`, { cause })
  }
}

function target(location: string, from: URL): URL {
  const to = URL.parse(location, from.href)
  if (to?.username || to?.password) {
    throw new ValenceError('VAL_MODEL_REGISTRY_REFUSED', `${redactUrl(from)} redirects with credentials of its own`)
  }
  if (to) return to
  throw new ValenceError('VAL_MODEL_REGISTRY_REFUSED', `${redactUrl(from)} redirects to an invalid URL`)
}

/** The offset at which a response begins. */
function startOf(response: Response): number {
  return response.status === 206 ? rangeStart(response.headers.get('content-range')) : 0
}

async function* chunksOf(response: Response, uri: URL, signal: AbortSignal): AsyncIterable<Uint8Array> {
  try {
    if (response.body) yield* response.body
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw new ValenceError('VAL_MODEL_DOWNLOAD_TRUNCATED', `${redactUrl(uri)}: ${causeOf(error)}`, { cause: error })
  }
}

/** A manifest behind http(s). */
export function createHttpSource(manifest: URL, options: HttpSourceOptions): ModelSource {
  const { username, password } = manifest
  const home = new URL(manifest)
  home.username = ''
  home.password = ''
  const basic = username === '' ? undefined : `${decoded(username, manifest)}:${decoded(password, manifest)}`
  const credentials = options.token
    ? `Bearer ${options.token}`
    : basic && `Basic ${Buffer.from(basic).toString('base64')}`

  function request(uri: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    allowedTransport(uri, options.explicit)
    allowedUri(uri, options.prefixes)
    const own = credentials && uri.origin === home.origin ? { authorization: credentials } : {}
    return fetch(uri, {
      redirect: 'manual',
      signal,
      headers: { 'accept-encoding': 'identity', ...headers, ...own },
    }).catch((error: unknown) => {
      if (signal.aborted) throw signal.reason
      throw new ValenceError('VAL_MODEL_REGISTRY_UNAVAILABLE', `${redactUrl(uri)}: ${causeOf(error)}`, { cause: error })
    })
  }

  /** Follows redirects itself, so that each is checked against the allow-list. */
  async function get(uri: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
    let at = uri
    for (let hop = 0; hop <= maxRedirects; hop++) {
      const response = await request(at, headers, signal)
      const location = response.headers.get('location')
      if (response.status < 300 || response.status === 304 || response.status >= 400 || !location) return response
      await response.body?.cancel()
      at = target(location, at)
    }
    throw new ValenceError('VAL_MODEL_REGISTRY_REFUSED', `${redactUrl(uri)} redirects in circles`)
  }

  async function fail(response: Response, uri: URL): Promise<never> {
    await response.body?.cancel()
    throw refusal(response.status, uri)
  }

  return {
    async readManifest(known, signal) {
      const response = await get(home, known === undefined ? {} : { 'if-none-match': known }, signal)
      if (response.status === 304 && known !== undefined) return undefined
      if (response.status !== 200) return fail(response, home)
      const version = response.headers.get('etag') ?? undefined
      return { bytes: await readSmall(chunksOf(response, home, signal), redactUrl(home)), version }
    },
    async readSignature(signal) {
      const uri = new URL(`${home.pathname}.sig${home.search}`, home)
      const response = await get(uri, {}, signal)
      if (response.status === 200) return readSmall(chunksOf(response, uri, signal), redactUrl(uri))
      if (response.status !== 404) return fail(response, uri)
      await response.body?.cancel()
      return undefined
    },
    async openFile(name, from, signal) {
      const uri = new URL(name, home)
      uri.search = home.search
      let response = await get(uri, from > 0 ? { range: `bytes=${from}-` } : {}, signal)
      // A range with another or no offset cannot be used.
      if (response.status === 416 || (response.status === 206 && startOf(response) !== from)) {
        await response.body?.cancel()
        response = await get(uri, {}, signal)
      }
      if (response.status !== 200 && response.status !== 206) return fail(response, uri)
      return { from: startOf(response), chunks: chunksOf(response, uri, signal) }
    },
  }
}
