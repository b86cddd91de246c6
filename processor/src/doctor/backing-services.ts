import { once } from 'node:events'
import type { Config } from '../config/config.ts'
import { redactUrl } from '../config/redaction.ts'
import { redisAddress } from '../redis/redis-address.ts'
import { connectRedis } from '../redis/redis-client.ts'
import { openRegistry } from '../registry/open-registry.ts'
import { answerWithin, type Finding, failure } from './finding.ts'

const answerMs = 4_000

/** The schema registry is optional: JSON and plain texts are scored without one. */
export async function checkRegistry(config: Config): Promise<Finding[]> {
  const place = { area: 'registry', check: 'answer' } as const
  const registry = openRegistry(config)
  if (registry === undefined) {
    const detail = 'VALENCE_SCHEMA_REGISTRY_URL is not set: JSON and bare texts only'
    return [{ ...place, status: 'skipped', detail }]
  }
  try {
    await answerWithin(answerMs, registry.ping())
    return [{ ...place, status: 'ok', detail: redactUrl(config.schemaRegistryUrl ?? '') }]
  } catch (error) {
    return [failure(place, error)]
  }
}

/** A Redis failure is only a warning: Redis is a cache, and scores that are not in it are computed again. */
export async function checkRedis(config: Config): Promise<Finding[]> {
  const place = { area: 'redis', check: 'answer' } as const
  const server = redisAddress(config)
  if (server === undefined) {
    return [{ ...place, status: 'skipped', detail: 'VALENCE_REDIS_URL is not set: in-process cache only' }]
  }
  const redis = connectRedis(server)
  try {
    await answerWithin(answerMs, once(redis, 'ready'))
    await answerWithin(answerMs, redis.ping())
    return [{ ...place, status: 'ok', detail: redactUrl(server.url) }]
  } catch (error) {
    const help = 'Check VALENCE_REDIS_URL and Redis; scores are computed without the shared cache until it is back.'
    return [failure({ ...place, status: 'warn' }, error, help)]
  } finally {
    redis.disconnect()
  }
}
