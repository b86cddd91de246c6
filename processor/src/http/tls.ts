import { X509Certificate } from 'node:crypto'
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import { ValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import type { Logger } from '../observability/logger.ts'
import type { Metrics } from '../observability/metrics.ts'
import { strictServerOptions } from './strict-protocol.ts'

interface Credentials {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
}

function readCredentials({ httpTlsCertFile, httpTlsKeyFile, httpTlsClientCaFile }: Config): Credentials | undefined {
  if (httpTlsCertFile === undefined || httpTlsKeyFile === undefined) return undefined
  try {
    const ca = httpTlsClientCaFile === undefined ? undefined : readFileSync(httpTlsClientCaFile)
    // OpenSSL accepts an empty file, as seen while a file is being rewritten, and then trusts no client.
    if (ca !== undefined) new X509Certificate(ca)
    return { cert: readFileSync(httpTlsCertFile), key: readFileSync(httpTlsKeyFile), ...(ca && { ca }) }
  } catch (cause) {
    throw new ValenceError('VAL_FILE_UNREADABLE', 'VALENCE_HTTP_TLS_*_FILE', { cause })
  }
}

/** Options of the server that switch TLS on; none where no certificate is configured. @throws VAL_FILE_UNREADABLE */
export function tlsOptions(config: Config): object {
  const credentials = readCredentials(config)
  if (!credentials) return {}
  const isMutual = credentials.ca !== undefined
  return {
    https: {
      ...credentials,
      ...strictServerOptions,
      minVersion: 'TLSv1.2',
      requestCert: isMutual,
      rejectUnauthorized: isMutual,
      maxHeaderSize: config.httpMaxHeaderBytes,
      connectionsCheckingInterval: Math.min(1_000, config.httpRequestTimeoutMs),
      headersTimeout: config.httpRequestTimeoutMs,
    },
  }
}

/** Receivers of certificate events. */
export interface CertificateObservers {
  readonly logger: Logger
  readonly metrics: Metrics
}

/** Sets the gauge of the certificate's expiry, for the alert. */
function noteExpiry({ http }: Metrics, credentials: Credentials | undefined): void {
  if (credentials === undefined) return
  http.certificateExpiry.set(new X509Certificate(credentials.cert).validToDate.getTime() / 1_000)
}

/** Reloads a renewed certificate without a restart; a broken one is not used. Returns what stops it. */
export function watchCertificate(
  server: Server,
  config: Config,
  { logger, metrics }: CertificateObservers,
  intervalMs = 2_000,
): () => void {
  noteExpiry(metrics, readCredentials(config))
  const { httpTlsCertFile, httpTlsKeyFile, httpTlsClientCaFile } = config
  const files = [httpTlsCertFile, httpTlsKeyFile, httpTlsClientCaFile].filter((file) => file !== undefined)
  const reload = () => {
    try {
      const credentials = readCredentials(config)
      ;(server as unknown as SecureServer).setSecureContext(credentials ?? {})
      noteExpiry(metrics, credentials)
      logger.info('certificate reloaded')
    } catch (err) {
      logger.error({ err }, 'certificate not reloaded, the old one stays in use')
    }
  }
  for (const file of files) watchFile(file, { interval: intervalMs, persistent: false }, reload)
  return () => {
    for (const file of files) unwatchFile(file, reload)
  }
}
