import { Cluster, Redis } from 'ioredis'
import { type RedisAddress, unbracketed } from './redis-address.ts'

export interface RedisClientOptions {
  readonly keyPrefix?: string
  /** For what may be a moment old: asks a replica where there is one. */
  readonly readReplicas?: boolean
}

export type RedisClient = Redis | Cluster

const slowestRetryMs = 2_000

/**
 * A connection whose commands fail at once while Redis is away; it connects in the background and keeps trying. Commands
 * of one turn of the event loop share a round trip, so that one connection is enough for any number of callers.
 */
export function connectRedis(place: RedisAddress, options: RedisClientOptions = {}): RedisClient {
  const redis = place.topology === 'cluster' ? connectCluster(place, options) : connectServer(place, options)
  // Reported call by call; without a listener the first one would end the process.
  redis.on('error', () => undefined)
  return redis
}

const retryStrategy = (attempt: number) => Math.min(100 * 2 ** attempt, slowestRetryMs)

function serverOptions({ tls }: RedisAddress) {
  return { ...tls, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, connectTimeout: 2_000 }
}

function parse({ url }: RedisAddress) {
  const { protocol, hostname, port, username, password, pathname } = new URL(url)
  return {
    node: { host: unbracketed(hostname), port: Number(port || 6_379) },
    login: {
      ...(username && { username: decodeURIComponent(username) }),
      ...(password && { password: decodeURIComponent(password) }),
      db: Number(pathname.slice(1) || 0),
      ...(protocol === 'rediss:' && { tls: {} }),
    },
  }
}

function connectServer(place: RedisAddress, { keyPrefix = '', readReplicas = false }: RedisClientOptions): Redis {
  const common = { ...serverOptions(place), keyPrefix, enableOfflineQueue: false, enableAutoPipelining: true }
  if (place.topology !== 'sentinel') return new Redis(place.url, { ...common, retryStrategy })
  const { node, login } = parse(place)
  const { tls } = { ...login, ...place.tls }
  return new Redis({
    ...login,
    ...common,
    sentinels: [node, ...(place.otherNodes ?? [])],
    name: place.sentinelName ?? 'mymaster',
    role: readReplicas ? 'slave' : 'master',
    ...(place.sentinelPassword !== undefined && { sentinelPassword: place.sentinelPassword }),
    ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
    retryStrategy,
    sentinelRetryStrategy: retryStrategy,
  })
}

function connectCluster(place: RedisAddress, { keyPrefix = '', readReplicas = false }: RedisClientOptions): Cluster {
  const { node, login } = parse(place)
  return new Cluster([node, ...(place.otherNodes ?? [])], {
    keyPrefix,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    scaleReads: readReplicas ? 'slave' : 'master',
    clusterRetryStrategy: retryStrategy,
    redisOptions: { ...login, ...serverOptions(place) },
    ...(login.tls && { dnsLookup: (address, callback) => callback(null, address) }),
  })
}
