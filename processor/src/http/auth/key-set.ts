import { plainUrl, ValenceError } from '@valence/schemas'
import {
  type CryptoKey,
  createLocalJWKSet,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose'
import type { Breaker } from '../../platform/breaker.ts'

export interface KeySetOptions {
  readonly url: string
  readonly breaker: Breaker
  /** Interval of the background refresh. */
  readonly refreshMs?: number
  /** A token with an unknown key refreshes the set, at most once in this time. */
  readonly cooldownMs?: number
  readonly fetch?: typeof fetch
  readonly onRefreshFailed?: (error: unknown) => void
}

/** The public keys of an issuer. While the issuer does not answer, the last set stays in use. */
export interface KeySet {
  /** @throws VAL_AUTH_KEYS_UNAVAILABLE, ERR_JWKS_NO_MATCHING_KEY */
  getKey(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey>
  close(): void
}

function isUnknownKey(error: unknown): boolean {
  return (error as { code?: string }).code === 'ERR_JWKS_NO_MATCHING_KEY'
}

/** Fetches the key set of an issuer (JWKS) and refreshes it. */
export function createKeySet(options: KeySetOptions): KeySet {
  const { breaker, refreshMs = 300_000, cooldownMs = 5_000, onRefreshFailed } = options
  const get = options.fetch ?? fetch
  const { url, headers } = plainUrl(options.url)
  let local: ReturnType<typeof createLocalJWKSet> | undefined
  let fetchedAt = Number.NEGATIVE_INFINITY
  let underWay: Promise<void> | undefined

  async function load(signal: AbortSignal): Promise<void> {
    const response = await get(url, {
      signal,
      headers: { ...headers, accept: 'application/json' },
      redirect: 'error',
    })
    if (!response.ok) throw new Error(`the key set answered ${response.status}`)
    local = createLocalJWKSet((await response.json()) as JSONWebKeySet)
  }

  /** Concurrent calls share one fetch. */
  function refresh(): Promise<void> {
    underWay ??= breaker
      .run(load)
      .catch((error: unknown) => onRefreshFailed?.(error))
      .finally(() => {
        fetchedAt = performance.now()
        underWay = undefined
      })
    return underWay
  }

  const timer = setInterval(() => void refresh(), refreshMs).unref()
  void refresh()

  async function find(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    if (!local) throw new ValenceError('VAL_AUTH_KEYS_UNAVAILABLE')
    return local(header, token)
  }

  return {
    async getKey(header, token) {
      if (!local) await refresh()
      try {
        return await find(header, token)
      } catch (error) {
        // The issuer may have new keys.
        if (!isUnknownKey(error) || performance.now() - fetchedAt < cooldownMs) throw error
        await refresh()
        return find(header, token)
      }
    },
    close: () => clearInterval(timer),
  }
}
