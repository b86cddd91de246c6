import { type HostPort, parseHostPort } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { type RedisTls, redisTls } from './redis-tls.ts'

/** Address and topology of Redis. */
export interface RedisAddress {
  /** The server, or the first sentinel or cluster node. User, password and database apply to all servers. */
  readonly url: string
  readonly topology?: 'single' | 'sentinel' | 'cluster'
  /** More sentinels or cluster nodes, in case the first is unreachable. */
  readonly otherNodes?: readonly HostPort[]
  /** Name of the primary in the sentinels; default `mymaster`. */
  readonly sentinelName?: string
  readonly sentinelPassword?: string | undefined
  readonly tls?: RedisTls
}

/** Removes the brackets of an IPv6 address in a URL. */
export function unbracketed(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

/** The Redis of the configuration; undefined if none is configured. @throws VAL_FILE_UNREADABLE for a TLS file */
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
