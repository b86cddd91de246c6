import { ValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { openBreaker } from '../../observability/open-breaker.ts'
import type { OpeningContext } from '../../observability/service-context.ts'
import { type Authenticator, createOpenAuthenticator } from './authenticator.ts'
import { createKeyAuthenticator } from './key-authenticator.ts'
import { createKeySet } from './key-set.ts'
import { createTokenAuthenticator } from './token-authenticator.ts'

const keySetTimeoutMs = 3_000

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

function expectLoopback({ httpHost, authAllowInsecure }: Config): void {
  if (isLoopback(httpHost) || authAllowInsecure) return
  const advice = 'bind VALENCE_HTTP_HOST to 127.0.0.1, or set VALENCE_AUTH_ALLOW_INSECURE=true'
  throw new ValenceError('VAL_CONFIG_INVALID', `VALENCE_AUTH_MODE=none would open ${httpHost} to everybody; ${advice}`)
}

function openTokens(base: OpeningContext): Authenticator {
  const { authJwksUrl: url, authIssuer: issuer, authAudience: audience, authClockSkewMs: clockSkewMs } = base.config
  if (url === undefined || issuer === undefined || audience === undefined) {
    const needed = 'VALENCE_AUTH_JWKS_URL, VALENCE_AUTH_ISSUER and VALENCE_AUTH_AUDIENCE'
    throw new ValenceError('VAL_CONFIG_INVALID', `VALENCE_AUTH_MODE=jwt needs ${needed}; for a trial, set it to none`)
  }
  const keys = createKeySet({
    url,
    breaker: openBreaker(base, 'jwks', keySetTimeoutMs),
    onRefreshFailed: (err) => base.logger.warn({ err }, 'key set not fetched'),
  })
  return createTokenAuthenticator({ keys, issuer, audience, clockSkewMs })
}

function openKeys({ config, logger }: OpeningContext): Authenticator {
  const path = config.authApiKeysFile
  if (path === undefined) {
    throw new ValenceError('VAL_CONFIG_INVALID', 'VALENCE_AUTH_MODE=api-key needs VALENCE_AUTH_API_KEYS_FILE')
  }
  return createKeyAuthenticator({
    path,
    onReload: (err) => {
      if (err === undefined) logger.info('API keys reloaded')
      else logger.error({ err }, 'API keys not reloaded, the old ones stay in use')
    },
  })
}

/** The authenticator that VALENCE_AUTH_MODE asks for. @throws VAL_CONFIG_INVALID, VAL_FILE_UNREADABLE */
export function openAuthenticator(base: OpeningContext): Authenticator {
  if (base.config.authMode === 'jwt') return openTokens(base)
  if (base.config.authMode === 'api-key') return openKeys(base)
  expectLoopback(base.config)
  return createOpenAuthenticator()
}
