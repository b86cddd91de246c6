import { ValenceError } from '@valence/schemas'
import { LRUCache } from 'lru-cache'
import { type Breaker, createBreaker } from '../../platform/breaker.ts'
import type { RedisClient } from '../../redis/redis-client.ts'
import type { Authenticator } from './authenticator.ts'
import type { Principal } from './principal.ts'

/** One token, or all tokens that a subject holds at the time of the revocation. */
export type Revoked = { readonly tokenId: string } | { readonly subject: string }

/** Revoked credentials, shared by all replicas. */
export interface Revocations {
  /** Whether the caller's credentials were revoked. */
  isRevoked(principal: Principal): Promise<boolean>
  /** @param ttlMs how long it must be remembered: until the last token it concerns has expired */
  revoke(revoked: Revoked, ttlMs: number): Promise<void>
}

/** Time limit for storing a revocation. An operator waits for it, not a request, so it is long. */
const storeTimeoutMs = 2_000

export interface RevocationsOptions {
  readonly redis: RedisClient
  /** Time limit of the look-up in each request. */
  readonly breaker: Breaker
  /** Called for each request that was allowed unchecked because Redis did not answer. */
  readonly onUnchecked: () => void
  readonly now?: () => number
}

const tokenKey = (id: string) => `valence:revoked:token:${id}`
const subjectKey = (subject: string) => `valence:revoked:subject:${subject}`

/**
 * Keeps revocations in Redis. While Redis is unreachable, callers are allowed unless this process has seen their
 * revocation: the loss of a cache must not stop the service. `onUnchecked` counts them.
 */
export function createRevocations({ redis, breaker, onUnchecked, now = Date.now }: RevocationsOptions): Revocations {
  /** Key → epoch milliseconds of the revocation. */
  const seen = new LRUCache<string, number>({ max: 10_000, ttl: 3_600_000 })
  const storing = createBreaker({ part: breaker.part, timeoutMs: storeTimeoutMs })

  async function lookUp(keys: readonly string[]): Promise<(number | undefined)[]> {
    try {
      const values = await breaker.run(() => Promise.all(keys.map((key) => redis.get(key))))
      values.forEach((value, index) => {
        if (value !== null) seen.set(keys[index] as string, Number(value))
      })
      return values.map((value) => (value === null ? undefined : Number(value)))
    } catch {
      onUnchecked()
      return keys.map((key) => seen.get(key))
    }
  }

  return {
    async isRevoked({ subject, tokenId, issuedAt }) {
      const keys = [subjectKey(subject), ...(tokenId === undefined ? [] : [tokenKey(tokenId)])]
      const [subjectAt, tokenAt] = await lookUp(keys)
      // Tokens issued after the revocation are valid; credentials without an issue time stay revoked.
      return tokenAt !== undefined || (subjectAt !== undefined && (issuedAt ?? 0) <= subjectAt)
    },
    async revoke(revoked, ttlMs) {
      const key = 'tokenId' in revoked ? tokenKey(revoked.tokenId) : subjectKey(revoked.subject)
      const at = now()
      try {
        await storing.run(() => redis.set(key, String(at), 'PX', ttlMs))
      } catch (cause) {
        throw new ValenceError('VAL_REDIS_UNAVAILABLE', 'the revocation was not stored', { cause })
      }
      seen.set(key, at)
    },
  }
}

/** The same authenticator, but revoked credentials are refused. @throws VAL_AUTH_REVOKED */
export function refuseRevoked(authenticator: Authenticator, revocations: Revocations): Authenticator {
  return {
    ...authenticator,
    async authenticate(headers) {
      const principal = await authenticator.authenticate(headers)
      if (await revocations.isRevoked(principal)) throw new ValenceError('VAL_AUTH_REVOKED')
      return principal
    },
  }
}
