import type { ErrorCode } from '@valence/schemas'
import { withAttempts } from './attempts.ts'
import type { AcceptedText, BatchRequest, BatchResponse, Problem, ScoredEvent, TextRequest } from './contract.ts'
import { ScoreError } from './score-error.ts'

/** A credential, or a function that returns one for each attempt, so that tokens may expire. */
export type Credential = string | (() => string | Promise<string>)

/** Address, credentials, deadline and retries of a client of the HTTP facade. */
export interface ScoreClientOptions {
  /** Base URL of the facade: `https://scores.example`. */
  readonly baseUrl: string
  /** An access token (JWT). */
  readonly token?: Credential | undefined
  readonly apiKey?: Credential | undefined
  /**
   * Deadline of a call including all attempts, milliseconds; the remaining time is sent to the server. @default 5000
   */
  readonly timeoutMs?: number | undefined
  /** Attempts after the first, for errors after which a call can be repeated safely. @default 3 */
  readonly retries?: number | undefined
  /** @default 100 */
  readonly initialDelayMs?: number | undefined
  /** @default 2000 */
  readonly maxDelayMs?: number | undefined
  /** @default the global fetch, which keeps connections alive in Node and in browsers */
  readonly fetch?: typeof fetch | undefined
  /** Random source of the jitter, 0 to 1. @default Math.random */
  readonly random?: (() => number) | undefined
}

/** Limits of one call. */
export interface CallOptions {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** Limits of one call of `produce`, and its idempotency key. */
export interface ProduceOptions extends CallOptions {
  /** Generated if absent, so that a retried call produces the text once. */
  readonly idempotencyKey?: string | undefined
}

/** Calls the HTTP facade. Every method throws ScoreError. */
export interface ScoreClient {
  /** Scores one text. @throws ScoreError */
  score(text: string | TextRequest, options?: CallOptions): Promise<ScoredEvent>
  /** Scores up to 256 texts; returns one verdict per text, in the same order. @throws ScoreError */
  scoreAll(texts: BatchRequest['texts'], options?: CallOptions): Promise<BatchResponse['results']>
  /** Produces a text to Kafka; resolves when the broker has acknowledged it. @throws ScoreError */
  produce(text: string | TextRequest, options?: ProduceOptions): Promise<AcceptedText>
}

interface Call {
  readonly path: string
  readonly body: unknown
  readonly options: CallOptions
  readonly headers?: Record<string, string>
}

const resolveCredential = (credential: Credential) => (typeof credential === 'function' ? credential() : credential)

/** Parses `Retry-After`: seconds or a date. */
function readRetryAfter(response: Response): number | undefined {
  const value = response.headers.get('retry-after')
  if (value === null) return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined
}

async function toError(response: Response): Promise<ScoreError> {
  const { status } = response
  const body: unknown = await response.json().catch(() => undefined)
  const problem = typeof body === 'object' && body !== null && 'code' in body ? (body as Problem) : undefined
  const code = (problem?.code ?? 'VAL_CLIENT_ANSWER_INVALID') as ErrorCode
  const message = problem ? [problem.title, problem.detail].filter(Boolean).join(': ') : `the server answered ${status}`
  return new ScoreError(code, message, { status, problem, retryAfterMs: readRetryAfter(response) })
}

/** Creates a client of the HTTP facade, for Node and browsers. */
export function createScoreClient(options: ScoreClientOptions): ScoreClient {
  const { baseUrl, token, apiKey, timeoutMs = 5_000, retries = 3, initialDelayMs = 100, maxDelayMs = 2_000 } = options
  const send = options.fetch ?? fetch
  const random = options.random ?? Math.random
  const root = baseUrl.replace(/\/+$/, '')

  async function credentials(): Promise<Record<string, string>> {
    return {
      ...(token === undefined ? {} : { authorization: `Bearer ${await resolveCredential(token)}` }),
      ...(apiKey === undefined ? {} : { 'x-api-key': await resolveCredential(apiKey) }),
    }
  }

  async function attempt<T>({ path, body, headers }: Call, deadline: number, signal: AbortSignal): Promise<T> {
    const leftMs = Math.max(1, Math.min(60_000, Math.floor(deadline - performance.now())))
    const own = {
      'content-type': 'application/json',
      'timeout-ms': String(leftMs),
      ...(await credentials()),
      ...headers,
    }
    let response: Response
    try {
      response = await send(root + path, { method: 'POST', headers: own, body: JSON.stringify(body), signal })
    } catch (cause) {
      throw signal.aborted
        ? ended(signal, cause)
        : new ScoreError('VAL_CLIENT_UNREACHABLE', `no answer from ${root}`, { cause })
    }
    if (!response.ok) throw await toError(response)
    try {
      return (await response.json()) as T
    } catch (cause) {
      if (signal.aborted) throw ended(signal, cause)
      throw new ScoreError('VAL_CLIENT_ANSWER_INVALID', 'the answer is no JSON', { status: response.status, cause })
    }
  }

  function ended(signal: AbortSignal, cause: unknown): unknown {
    const isTimeout = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
    return isTimeout ? new ScoreError('VAL_CLIENT_TIMED_OUT', 'no answer within timeoutMs', { cause }) : signal.reason
  }

  function call<T>(request: Call): Promise<T> {
    const limitMs = request.options.timeoutMs ?? timeoutMs
    const deadline = performance.now() + limitMs
    const timeout = AbortSignal.timeout(limitMs)
    const signal = request.options.signal ? AbortSignal.any([timeout, request.options.signal]) : timeout
    const attempts = { retries, initialDelayMs, maxDelayMs, signal, random }
    return withAttempts(() => attempt<T>(request, deadline, signal), attempts)
  }

  const toBody = (text: string | TextRequest) => (typeof text === 'string' ? { text } : text)
  return {
    score: (text, options = {}) => call({ path: '/v1/score', body: toBody(text), options }),
    async scoreAll(texts, options = {}) {
      const { results } = await call<BatchResponse>({ path: '/v1/score/batch', body: { texts }, options })
      return results
    },
    produce(text, { idempotencyKey = crypto.randomUUID(), ...options } = {}) {
      return call({ path: '/v1/texts', body: toBody(text), options, headers: { 'idempotency-key': idempotencyKey } })
    },
  }
}
