import { Cluster, Redis } from 'ioredis'
import { type RedisAddress, unbracketed } from './redis-address.ts'

export interface RedisClientOptions {
  readonly keyPrefix?: string
  /** Read from replicas, if there are any; values can be stale. */
  readonly readReplicas?: boolean
}

export type RedisClient = Redis | Cluster

const maxReconnectDelayMs = 2_000

/**
 * Connects in the background and reconnects without limit; commands fail at once while disconnected. Commands of one
 * event-loop turn are pipelined into one round trip, so all callers share one connection.
 */
export function connectRedis(address: RedisAddress, options: RedisClientOptions = {}): RedisClient {
  const redis = address.topology === 'cluster' ? connectCluster(address, options) : connectServer(address, options)
  // Each failed command rejects on its own. An `error` event without a listener would end the process.
  redis.on('error', () => undefined)
  return redis
}

const retryStrategy = (attempt: number) => Math.min(100 * 2 ** attempt, maxReconnectDelayMs)

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

function connectServer(address: RedisAddress, { keyPrefix = '', readReplicas = false }: RedisClientOptions): Redis {
  const common = { ...serverOptions(address), keyPrefix, enableOfflineQueue: false, enableAutoPipelining: true }
  if (address.topology !== 'sentinel') return new Redis(address.url, { ...common, retryStrategy })
  const { node, login } = parse(address)
  const { tls } = { ...login, ...address.tls }
  return new Redis({
    ...login,
    ...common,
    sentinels: [node, ...(address.otherNodes ?? [])],
    name: address.sentinelName ?? 'mymaster',
    role: readReplicas ? 'slave' : 'master',
    ...(address.sentinelPassword !== undefined && { sentinelPassword: address.sentinelPassword }),
    ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
    retryStrategy,
    sentinelRetryStrategy: retryStrategy,
  })
}

function connectCluster(address: RedisAddress, { keyPrefix = '', readReplicas = false }: RedisClientOptions): Cluster {
  const { node, login } = parse(address)
  return new Cluster([node, ...(address.otherNodes ?? [])], {
    keyPrefix,
    enableOfflineQueue: false,
    enableAutoPipelining: true,
    scaleReads: readReplicas ? 'slave' : 'master',
    clusterRetryStrategy: retryStrategy,
    redisOptions: { ...login, ...serverOptions(address) },
    ...(login.tls && { dnsLookup: (address, callback) => callback(null, address) }),
  })
}
