import { Redis } from 'ioredis'
import { redisTls } from '../../redis/redis-tls.ts'
import type { Config } from '../../runtime/config.ts'
import { openRegistry } from '../../runtime/open-registry.ts'
import { type Finding, failure, within } from './finding.ts'

const answerMs = 4_000

/** Without a registry, JSON and bare texts are scored all the same. */
export async function checkRegistry(config: Config): Promise<Finding[]> {
  const place = { area: 'registry', check: 'answer' } as const
  const registry = openRegistry(config)
  if (registry === undefined) {
    const detail = 'VALENCE_SCHEMA_REGISTRY_URL is not set: JSON and bare texts only'
    return [{ ...place, status: 'skipped', detail }]
  }
  try {
    await within(answerMs, registry.ping())
    return [{ ...place, status: 'ok', detail: withoutCredentials(config.schemaRegistryUrl ?? '') }]
  } catch (error) {
    return [failure(place, error)]
  }
}

/** Redis is a cache: without it scores are computed again, so it is never more than a warning. */
export async function checkRedis(config: Config): Promise<Finding[]> {
  const place = { area: 'redis', check: 'answer' } as const
  if (config.redisUrl === undefined) {
    return [{ ...place, status: 'skipped', detail: 'VALENCE_REDIS_URL is not set: in-process cache only' }]
  }
  const redis = new Redis(config.redisUrl, {
    ...redisTls(config),
    lazyConnect: true,
    connectTimeout: answerMs / 2,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
  })
  let reason: unknown
  redis.on('error', (error) => {
    reason = error
  })
  try {
    const answer = async () => {
      await redis.connect()
      await redis.ping()
    }
    await within(answerMs, answer())
    return [{ ...place, status: 'ok', detail: withoutCredentials(config.redisUrl) }]
  } catch (error) {
    const help = 'Check VALENCE_REDIS_URL and Redis; scores are computed without the shared cache until it is back.'
    return [failure({ ...place, status: 'warn' }, reason ?? error, help)]
  } finally {
    redis.disconnect()
  }
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//')
}
