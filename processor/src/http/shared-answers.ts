import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { isValenceError, ValenceError } from '@valence/schemas'
import type { Breaker } from '../platform/breaker.ts'
import type { RedisClient } from '../redis/redis-client.ts'
import type { AcceptedText } from './accepted-text.ts'

/** Answers by idempotency key, shared by all replicas. */
export interface SharedAnswers {
  /**
   * Resolves with the answer stored under the key, waits for the replica that is producing it, or else produces. One of
   * the replicas that ask at the same time produces. After a failure the key is free again.
   * @throws VAL_IDEMPOTENCY_KEY_REUSED where the key stands for another request, VAL_INTAKE_UNAVAILABLE
   */
  once(key: string, digest: string, produce: () => Promise<AcceptedText>): Promise<AcceptedText>
}

export interface SharedAnswersOptions {
  readonly redis: RedisClient
  readonly breaker: Breaker
  readonly ttlMs: number
  /** For how long a key stays taken by a replica that died before it had the answer; no produce takes longer. */
  readonly claimMs?: number
  /** Interval at which a replica polls for another's answer. */
  readonly lookEveryMs?: number
  /** Called for each answer that could not be shared because Redis did not answer. */
  readonly onFallback: () => void
}

/** The value of a key: a claim of the replica that is producing, or the answer. */
interface Entry {
  readonly digest: string
  readonly claim: string
  readonly answer?: AcceptedText
}

/** Deletes the key only if it still holds this claim. */
const release = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

/** Keeps answers in Redis. While Redis is unreachable each replica knows its own answers only. */
export function createSharedAnswers(options: SharedAnswersOptions): SharedAnswers {
  const { redis, breaker, ttlMs, claimMs = 10_000, lookEveryMs = 50, onFallback } = options

  /** Undefined once this replica holds the claim. */
  async function claim(key: string, mine: Entry): Promise<Entry | undefined> {
    const taken = await redis.set(key, JSON.stringify(mine), 'PX', claimMs, 'NX')
    if (taken !== null) return undefined
    const found = await redis.get(key)
    // The claim expired between the two calls: try again.
    return found === null ? claim(key, mine) : (JSON.parse(found) as Entry)
  }

  /** Undefined once this replica holds the claim, or while Redis does not answer. */
  async function findAnswer(key: string, mine: Entry): Promise<AcceptedText | undefined> {
    for (let waitedMs = 0; waitedMs <= claimMs; waitedMs += lookEveryMs) {
      const found = await breaker.run(() => claim(key, mine))
      if (found === undefined) return undefined
      if (found.digest !== mine.digest) throw new ValenceError('VAL_IDEMPOTENCY_KEY_REUSED')
      if (found.answer) return found.answer
      await delay(lookEveryMs)
    }
    throw new ValenceError('VAL_INTAKE_UNAVAILABLE', 'another replica has not answered to this key yet')
  }

  async function orFallback<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call()
    } catch (error) {
      if (isValenceError(error)) throw error
      onFallback()
      return undefined
    }
  }

  return {
    async once(name, digest, produce) {
      const key = `valence:answer:${name}`
      const mine: Entry = { digest, claim: randomUUID() }
      const known = await orFallback(() => findAnswer(key, mine))
      if (known) return known
      try {
        const answer = await produce()
        await orFallback(() => breaker.run(() => redis.set(key, JSON.stringify({ ...mine, answer }), 'PX', ttlMs)))
        return answer
      } catch (error) {
        await breaker.run(() => redis.eval(release, 1, key, JSON.stringify(mine))).catch(() => undefined)
        throw error
      }
    },
  }
}
