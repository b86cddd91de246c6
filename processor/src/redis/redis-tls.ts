import type { Config } from '../config/config.ts'
import { readTlsFiles, type TlsFiles } from '../platform/tls-files.ts'

/** TLS options of ioredis; empty if no TLS file is configured. */
export interface RedisTls {
  readonly tls?: TlsFiles
}

/** Reads the CA and the client certificate for Redis, once. @throws VAL_FILE_UNREADABLE */
export function redisTls({ redisTlsCaFile, redisTlsCertFile, redisTlsKeyFile }: Config): RedisTls {
  const paths = { ca: redisTlsCaFile, cert: redisTlsCertFile, key: redisTlsKeyFile }
  const tls = readTlsFiles('VALENCE_REDIS_TLS', paths)
  return tls.ca === undefined && tls.cert === undefined ? {} : { tls }
}
