import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { isValenceError, ValenceError } from '@valence/schemas'
import type { Breaker } from '../platform/breaker.ts'
import type { RedisClient } from '../redis/redis-client.ts'
import type { AcceptedText } from './accepted-text.ts'

/** Answers to idempotency keys that all replicas know. */
export interface SharedAnswers {
  /**
   * The answer to a key: the one that a replica has given already or is about to give, else what `produce` resolves
   * with. Of all replicas that ask at the same time one produces. What failed may be tried again under the same key.
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
  /** How often one replica looks whether another has the answer. */
  readonly lookEveryMs?: number
  /** Called for each answer that other replicas do not know because Redis did not answer. */
  readonly onFallback: () => void
}

/** What stands under a key: who is about to answer, or the answer. */
interface Entry {
  readonly digest: string
  readonly claim: string
  readonly answer?: AcceptedText
}

/** Only the claim that put a key there takes it away. */
const release = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"

/** Keeps answers in Redis. While Redis is away each replica answers for itself. */
export function createSharedAnswers(options: SharedAnswersOptions): SharedAnswers {
  const { redis, breaker, ttlMs, claimMs = 10_000, lookEveryMs = 50, onFallback } = options

  /** Undefined once the key is ours. */
  async function claim(key: string, mine: Entry): Promise<Entry | undefined> {
    const taken = await redis.set(key, JSON.stringify(mine), 'PX', claimMs, 'NX')
    if (taken !== null) return undefined
    const found = await redis.get(key)
    // It ended between the two: by now it may be had.
    return found === null ? claim(key, mine) : (JSON.parse(found) as Entry)
  }

  /** Undefined once the key is ours, or where nobody can tell. */
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
