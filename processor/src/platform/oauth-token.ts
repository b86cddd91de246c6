import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { ValenceError } from '@valence/schemas'
import { importPKCS8 } from 'jose'
import * as oauth from 'oauth4webapi'

/** A token that is valid now. @throws the errors of its `TokenClient`, VAL_FILE_UNREADABLE */
export type TokenSource = () => Promise<string>

/** How the client proves who it is: with a secret, or with an assertion it signs (RFC 7523, `private_key_jwt`). */
export type ClientProof =
  | { readonly secret: string }
  | {
      /** PEM file of an RSA or EC P-256 key, read for each token, so that a renewed key needs no restart. */
      readonly keyFile: string
      /** `kid` of the assertion's header. */
      readonly keyId?: string | undefined
      /** Named by errors about the file. */
      readonly setting: string
    }

export interface TokenClient {
  readonly url: string
  readonly clientId: string
  readonly proof: ClientProof
  readonly scope?: string | undefined
  /** The issuer refuses the client. */
  readonly refused: (detail: string) => ValenceError
  /** The issuer gives no token for another reason. */
  readonly unavailable: (detail: string, cause?: unknown) => ValenceError
  /** Epoch milliseconds. */
  readonly now?: () => number
}

const timeoutMs = 10_000
/** Share of its lifetime for which a token is used, so that none expires on its way to the broker. */
const usedShare = 0.8
/** Lifetime of a token whose issuer names none. */
const defaultSeconds = 60

/** JWS algorithm of the assertion (RFC 7518). */
function algorithmOf(key: KeyObject): 'RS256' | 'ES256' | undefined {
  if (key.asymmetricKeyType === 'rsa') return 'RS256'
  return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined
}

async function readKey(path: string, setting: string): Promise<Awaited<ReturnType<typeof importPKCS8>>> {
  try {
    const key = createPrivateKey(await readFile(path))
    const algorithm = algorithmOf(key)
    if (algorithm === undefined) throw new Error('neither an RSA nor an EC P-256 key')
    return await importPKCS8(key.export({ type: 'pkcs8', format: 'pem' }) as string, algorithm)
  } catch (cause) {
    throw new ValenceError('VAL_FILE_UNREADABLE', `${path} (${setting})`, { cause })
  }
}

async function clientAuth(proof: ClientProof): Promise<oauth.ClientAuth> {
  if ('secret' in proof) return oauth.ClientSecretBasic(proof.secret)
  const key = await readKey(proof.keyFile, proof.setting)
  return oauth.PrivateKeyJwt(proof.keyId === undefined ? key : { key, kid: proof.keyId })
}

interface Grant {
  readonly token: string
  readonly seconds: number
}

async function fetchGrant({ url, clientId, proof, scope, refused, unavailable }: TokenClient): Promise<Grant> {
  const place = new URL(url).host
  const issuer = { issuer: url, token_endpoint: url }
  const client = { client_id: clientId }
  const auth = await clientAuth(proof)
  let response: Response | undefined
  try {
    response = await oauth.clientCredentialsGrantRequest(issuer, client, auth, scope === undefined ? {} : { scope }, {
      // Whether plain HTTP will do is the operator's choice of URL.
      [oauth.allowInsecureRequests]: true,
      signal: AbortSignal.timeout(timeoutMs),
    })
    const grant = await oauth.processClientCredentialsResponse(issuer, client, response)
    return { token: grant.access_token, seconds: grant.expires_in ?? defaultSeconds }
  } catch (cause) {
    if (response === undefined) throw unavailable(place, cause)
    const { status } = response
    if (status !== 400 && status !== 401 && status !== 403) throw unavailable(`${place} answers ${status}`, cause)
    const reason = cause instanceof oauth.ResponseBodyError ? cause.error.slice(0, 80) : `status ${status}`
    throw refused(`${place} issues no token: ${reason}`)
  }
}

/** Tokens of the client credentials grant (RFC 6749, 4.4), each used by all connections until shortly before its end. */
export function createTokenSource(client: TokenClient): TokenSource {
  const now = client.now ?? Date.now
  let current: { readonly token: string; readonly until: number } | undefined
  let pending: Promise<string> | undefined

  async function renew(): Promise<string> {
    try {
      const { token, seconds } = await fetchGrant(client)
      current = { token, until: now() + seconds * 1_000 * usedShare }
      return token
    } finally {
      pending = undefined
    }
  }

  return () => {
    if (current && now() < current.until) return Promise.resolve(current.token)
    pending ??= renew()
    return pending
  }
}

/** The token in a file, read at each use: its owner renews it in place. @throws VAL_FILE_UNREADABLE with the setting's name */
export function createTokenFile(path: string, setting: string): TokenSource {
  return async () => {
    try {
      return (await readFile(path, 'utf8')).trim()
    } catch (cause) {
      throw new ValenceError('VAL_FILE_UNREADABLE', `${path} (${setting})`, { cause })
    }
  }
}
