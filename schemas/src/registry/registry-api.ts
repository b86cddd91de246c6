import { Agent } from 'node:https'
import { ValenceError } from '../errors.ts'

/** PEM texts for an `https:` registry: the authority that signed its certificate, and a client certificate with its key. */
export interface RegistryTls {
  readonly ca?: string | Buffer | undefined
  readonly cert?: string | Buffer | undefined
  readonly key?: string | Buffer | undefined
}

export interface RegistryApiOptions {
  /** Base URL of the Confluent-compatible API, its path included. */
  readonly url: string
  readonly auth?: { readonly username: string; readonly password: string } | undefined
  /** Asked for each request: a bearer token in `authorization`, the names of a cluster and a pool. */
  readonly headers?: (() => Promise<Readonly<Record<string, string>>>) | undefined
  readonly tls?: RegistryTls | undefined
  /** Timeout of one call, including retries. */
  readonly timeoutMs: number
}

/** A response of the registry with any status and body. */
export interface RegistryAnswer {
  /** The URL without credentials, for errors. */
  readonly place: string
  readonly status: number
  readonly body: unknown
}

interface LibraryResponse {
  status(): number
  data(): unknown
  /** The error if there was no response; `status()` is 400 then. */
  error(): Error | null
}

type Params = Readonly<Record<string, unknown>>
type Method = (params: Params) => Promise<LibraryResponse>

interface LibraryClient {
  readonly Schema: { readonly find: Method }
  readonly Subject: {
    readonly [name in 'all' | 'version' | 'registered' | 'config' | 'updateConfig' | 'register']: Method
  }
}

/**
 * Makes one call. Resolves with any response, including error statuses; throws VAL_REGISTRY_UNAVAILABLE without a response
 * within the timeout.
 */
export type RegistryApi = (method: (client: LibraryClient) => Method, params: Params) => Promise<RegistryAnswer>

export function createRegistryApi(options: RegistryApiOptions): RegistryApi {
  const { url, timeoutMs } = options
  const place = withoutCredentials(url)
  let client: Promise<LibraryClient> | undefined

  return async (method, params) => {
    client ??= loadClient(options)
    const call = method(await client)
    const send = async (signal: AbortSignal) => call({ ...params, headers: await headersFor(options), signal })
    const response = await withDeadline(send, timeoutMs, place)
    const failure = response.error()
    if (failure !== null) throw unavailable(`${place}: ${failure.message}`, failure)
    return { place, status: response.status(), body: response.data() }
  }
}

export function unavailable(detail: string, cause?: unknown): ValenceError {
  return new ValenceError('VAL_REGISTRY_UNAVAILABLE', detail, { cause })
}

/**
 * Loads the library's HTTP client at the first call, because most programs that import this package make none.
 * The library's caches are not used: they do not cache failures, and compile once per waiting caller.
 */
async function loadClient({ url, auth, tls }: RegistryApiOptions): Promise<LibraryClient> {
  const { SchemaRegistry } = await import('@kafkajs/confluent-schema-registry')
  const host = url.replace(/\/+$/, '')
  // `retry` is not set: it would change the retries of all clients in the process.
  const library = new SchemaRegistry({ host, ...(auth && { auth }), ...(tls && { agent: agentFor(tls) }) })
  const { api: client } = library as unknown as { readonly api: LibraryClient & MappersmithClient }
  // Added as the innermost middleware, which the library's options cannot do: the library's own middleware turns an error
  // status into an error without its code, and never settles if the body is null.
  client._manifest.middleware.unshift(() => ({ response: (next) => next().catch((refusal) => refusal) }))
  return client
}

export function agentFor(tls: RegistryTls): Agent {
  return new Agent({ ...tls, keepAlive: true })
}

/** A failure to get them is a failure of the registry: it never condemns a record. */
export async function headersFor({ url, headers }: RegistryApiOptions): Promise<Readonly<Record<string, string>>> {
  try {
    return (await headers?.()) ?? {}
  } catch (cause) {
    throw unavailable(`${withoutCredentials(url)}: ${(cause as Error).message}`, cause)
  }
}

interface MappersmithClient {
  readonly _manifest: {
    readonly middleware: (() => { response(next: () => Promise<LibraryResponse>): Promise<LibraryResponse> })[]
  }
}

/** Adds a timeout: the library has none, and never settles if the connection ends within a response body. */
async function withDeadline<T>(
  call: (signal: AbortSignal) => Promise<T>,
  timeoutMs: number,
  place: string,
): Promise<T> {
  const aborter = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const expiry = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(unavailable(`${place}: no answer within ${timeoutMs} ms`))
      aborter.abort()
    }, timeoutMs)
  })
  try {
    return await Promise.race([call(aborter.signal), expiry])
  } finally {
    clearTimeout(timer)
  }
}

/** The URL without credentials and query. Throws VAL_CONFIG_INVALID if it is not http or https. */
export function withoutCredentials(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ValenceError('VAL_CONFIG_INVALID', 'the schema registry needs an http or https URL')
  }
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
