import { ValenceError } from '@valence/schemas'
import { z } from 'zod'

/** A token that is valid now. @throws VAL_KAFKA_TOKEN_UNAVAILABLE, VAL_KAFKA_AUTHENTICATION_FAILED, VAL_FILE_UNREADABLE */
export type TokenSource = () => Promise<string>

export interface TokenClient {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  readonly scope?: string | undefined
  /** Epoch milliseconds. */
  readonly now?: () => number
}

const timeoutMs = 10_000
/** Share of its lifetime for which a token is used, so that none expires on its way to the broker. */
const usedShare = 0.8

const grant = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().default(60) })
const refusal = z.object({ error: z.string() })

function request({ url, clientId, clientSecret, scope }: TokenClient): Promise<Response> {
  // RFC 6749, 2.3.1: each half is form-encoded before the two are joined.
  const credentials = [clientId, clientSecret].map(encodeURIComponent).join(':')
  return fetch(url, {
    method: 'POST',
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/json', authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) }),
  })
}

async function fetchGrant(client: TokenClient): Promise<z.output<typeof grant>> {
  const place = new URL(client.url).host
  let status: number
  let body: unknown
  try {
    const response = await request(client)
    status = response.status
    body = await response.json().catch(() => undefined)
  } catch (cause) {
    throw new ValenceError('VAL_KAFKA_TOKEN_UNAVAILABLE', place, { cause })
  }
  const granted = grant.safeParse(body)
  if (status === 200 && granted.success) return granted.data
  if (status === 400 || status === 401 || status === 403) {
    const reason = refusal.safeParse(body).data?.error.slice(0, 80) ?? `status ${status}`
    throw new ValenceError('VAL_KAFKA_AUTHENTICATION_FAILED', `${place} issues no token: ${reason}`)
  }
  throw new ValenceError('VAL_KAFKA_TOKEN_UNAVAILABLE', `${place} answers ${status}`)
}

/** Tokens of the client credentials grant (RFC 6749, 4.4), each used by all connections until shortly before its end. */
export function createTokenSource(client: TokenClient): TokenSource {
  const now = client.now ?? Date.now
  let current: { readonly token: string; readonly until: number } | undefined
  let pending: Promise<string> | undefined

  async function renew(): Promise<string> {
    try {
      const { access_token: token, expires_in: seconds } = await fetchGrant(client)
      current = { token, until: now() + seconds * 1_000 * usedShare }
      return token
    } finally {
      pending = undefined
    }
  }

  return () => {
    if (current && now() < current.until) return Promise.resolve(current.token)
    pending ??= renew()
    return pending
  }
}
