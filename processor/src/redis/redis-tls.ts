import type { Config } from '../config/config.ts'
import { readPem } from '../platform/read-pem.ts'

/** TLS options of ioredis; empty if no TLS file is configured. */
export interface RedisTls {
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
}

/** Reads the CA and the client certificate for Redis, once. @throws VAL_FILE_UNREADABLE */
export function redisTls({ redisTlsCaFile, redisTlsCertFile, redisTlsKeyFile }: Config): RedisTls {
  const ca = readPem(redisTlsCaFile, 'VALENCE_REDIS_TLS_CA_FILE')
  const cert = readPem(redisTlsCertFile, 'VALENCE_REDIS_TLS_CERT_FILE')
  const key = readPem(redisTlsKeyFile, 'VALENCE_REDIS_TLS_KEY_FILE')
  if (ca === undefined && cert === undefined) return {}
  return { tls: { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) } }
}
