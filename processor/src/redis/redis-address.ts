import { type HostPort, parseHostPort } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { type RedisTls, redisTls } from './redis-tls.ts'

/** Where Redis is, and how it is made of servers. */
export interface RedisAddress {
  /** The server; with Sentinel or Cluster the first node to ask, and for all of them the user, password and database. */
  readonly url: string
  readonly topology?: 'single' | 'sentinel' | 'cluster'
  /** More sentinels, or more nodes of the cluster, for when the first is away. */
  readonly otherNodes?: readonly HostPort[]
  /** What the sentinels call the primary. */
  readonly sentinelName?: string
  readonly sentinelPassword?: string | undefined
  readonly tls?: RedisTls
}

/** Of a host in a URL, where an IPv6 address stands in brackets. */
export function unbracketed(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

/** Undefined where no Redis is configured. @throws VAL_FILE_UNREADABLE */
export function redisAddress(config: Config): RedisAddress | undefined {
  if (config.redisUrl === undefined) return undefined
  return {
    url: config.redisUrl,
    topology: config.redisTopology,
    otherNodes: (config.redisNodes ?? []).map(parseHostPort).filter((node) => node !== undefined),
    sentinelName: config.redisSentinelName,
    sentinelPassword: config.redisSentinelPassword,
    tls: redisTls(config),
  }
}
