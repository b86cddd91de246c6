import { ValenceError } from '../errors.ts'

export interface RegistryApiOptions {
  /** Base URL of the Confluent-compatible API, its path included. */
  readonly url: string
  readonly auth?: { readonly username: string; readonly password: string } | undefined
  /** For one call as a whole, retries included. */
  readonly timeoutMs: number
}

/** What the registry answered: any status, any body. */
export interface RegistryAnswer {
  /** The registry's URL without credentials. */
  readonly place: string
  readonly status: number
  readonly body: unknown
}

interface LibraryResponse {
  status(): number
  data(): unknown
  /** Why there was no answer at all; the status is 400 then, as if there had been one. */
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
 * Makes one call. Resolves with whatever the registry answers, refusals included; throws VAL_REGISTRY_UNAVAILABLE
 * where it does not answer in time.
 */
export type RegistryApi = (method: (client: LibraryClient) => Method, params: Params) => Promise<RegistryAnswer>

export function createRegistryApi({ url, auth, timeoutMs }: RegistryApiOptions): RegistryApi {
  const place = withoutCredentials(url)
  let client: Promise<LibraryClient> | undefined

  return async (method, params) => {
    client ??= loadClient(url.replace(/\/+$/, ''), auth)
    const call = method(await client)
    const response = await withDeadline((signal) => call({ ...params, signal }), timeoutMs, place)
    const failure = response.error()
    if (failure !== null) throw unavailable(`${place}: ${failure.message}`, failure)
    return { place, status: response.status(), body: response.data() }
  }
}

export function unavailable(detail: string, cause?: unknown): ValenceError {
  return new ValenceError('VAL_REGISTRY_UNAVAILABLE', detail, { cause })
}

/**
 * The library's HTTP client, loaded at the first call: most programs that import this package never make one.
 * Its caches stay out of use: they hold no negative answers and compile once per waiter.
 */
async function loadClient(host: string, auth: RegistryApiOptions['auth']): Promise<LibraryClient> {
  const { SchemaRegistry } = await import('@kafkajs/confluent-schema-registry')
  // `retry` is not given: it would change the retries of every other client in the process.
  const library = new SchemaRegistry({ host, ...(auth ? { auth } : {}) })
  const { api: client } = library as unknown as { readonly api: LibraryClient & MappersmithClient }
  // Innermost, where the library's option cannot put it: its own middleware would turn a refusal into an error that has
  // lost its code, and never settles where the body is null.
  client._manifest.middleware.unshift(() => ({ response: (next) => next().catch((refusal) => refusal) }))
  return client
}

interface MappersmithClient {
  readonly _manifest: {
    readonly middleware: (() => { response(next: () => Promise<LibraryResponse>): Promise<LibraryResponse> })[]
  }
}

/** The library has no deadline, and never settles when a response breaks off in its body. */
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

/** Without its query as well. Throws VAL_CONFIG_INVALID. */
export function withoutCredentials(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new ValenceError('VAL_CONFIG_INVALID', 'the schema registry needs an http or https URL')
  }
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
