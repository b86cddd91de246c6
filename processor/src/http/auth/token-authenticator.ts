import { type ErrorCode, isValenceError, ValenceError } from '@valence/schemas'
import { errors, type JWTPayload, jwtVerify } from 'jose'
import type { Authenticator } from './authenticator.ts'
import type { KeySet } from './key-set.ts'
import type { Principal } from './principal.ts'

export interface TokenAuthenticatorOptions {
  readonly keys: KeySet
  readonly issuer: string
  readonly audience: string
  readonly clockSkewMs: number
  readonly now?: () => number
}

/** Asymmetric algorithms only: a verifier cannot sign, and a public key cannot be abused as an HMAC secret. */
const algorithms = ['RS256', 'ES256', 'EdDSA', 'Ed25519']

const codes: Readonly<Record<string, ErrorCode>> = {
  ERR_JWT_EXPIRED: 'VAL_AUTH_TOKEN_EXPIRED',
  ERR_JOSE_ALG_NOT_ALLOWED: 'VAL_AUTH_ALGORITHM_REFUSED',
  ERR_JOSE_NOT_SUPPORTED: 'VAL_AUTH_ALGORITHM_REFUSED',
  ERR_JWKS_NO_MATCHING_KEY: 'VAL_AUTH_KEY_UNKNOWN',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'VAL_AUTH_KEY_UNKNOWN',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'VAL_AUTH_SIGNATURE_INVALID',
}

const claimCodes: Readonly<Record<string, ErrorCode>> = {
  iss: 'VAL_AUTH_ISSUER_REFUSED',
  aud: 'VAL_AUTH_AUDIENCE_REFUSED',
  nbf: 'VAL_AUTH_TOKEN_NOT_YET_VALID',
}

function toAuthError(cause: unknown): ValenceError {
  if (isValenceError(cause)) return cause
  if (cause instanceof errors.JWTClaimValidationFailed) {
    return new ValenceError(claimCodes[cause.claim] ?? 'VAL_AUTH_CLAIMS_INVALID', undefined, { cause })
  }
  const code = cause instanceof errors.JOSEError ? codes[cause.code] : undefined
  return new ValenceError(code ?? 'VAL_AUTH_TOKEN_MALFORMED', undefined, { cause })
}

function scopesOf({ scope, scp }: JWTPayload): string[] {
  const claim = scope ?? scp
  if (typeof claim === 'string') return claim.split(' ')
  return Array.isArray(claim) ? claim.filter((item) => typeof item === 'string') : []
}

function toPrincipal(payload: JWTPayload): Principal {
  const { sub, jti, iat } = payload
  if (typeof sub !== 'string' || sub === '') throw new ValenceError('VAL_AUTH_CLAIMS_INVALID', 'sub')
  return {
    subject: sub,
    scopes: new Set(scopesOf(payload)),
    tokenId: typeof jti === 'string' ? jti : undefined,
    issuedAt: iat === undefined ? undefined : iat * 1_000,
  }
}

/** Verifies access tokens (JWT) by the key set of their issuer. */
export function createTokenAuthenticator(options: TokenAuthenticatorOptions): Authenticator {
  const { keys, issuer, audience, clockSkewMs, now = Date.now } = options
  return {
    scheme: 'jwt',
    async authenticate({ authorization }) {
      const [scheme, token] = authorization?.split(' ') ?? []
      if (scheme?.toLowerCase() !== 'bearer' || !token) throw new ValenceError('VAL_AUTH_MISSING')
      try {
        const { payload } = await jwtVerify(token, (header, jws) => keys.getKey(header, jws), {
          algorithms,
          issuer,
          audience,
          clockTolerance: clockSkewMs / 1_000,
          requiredClaims: ['sub', 'exp'],
          currentDate: new Date(now()),
        })
        return toPrincipal(payload)
      } catch (error) {
        throw toAuthError(error)
      }
    },
    close: () => keys.close(),
  }
}
