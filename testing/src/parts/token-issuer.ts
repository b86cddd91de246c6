import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'

/** An identity provider with one key: its key set over HTTP, and tokens. */
export class TokenIssuer implements AsyncDisposable {
  readonly name = 'https://issuer.example'
  readonly audience = 'valence'
  readonly #server: Server
  readonly #privateKey: CryptoKey

  private constructor(server: Server, privateKey: CryptoKey) {
    this.#server = server
    this.#privateKey = privateKey
  }

  static async start(): Promise<TokenIssuer> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] })
    const server = createServer((_request, response) => response.end(keys))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new TokenIssuer(server, privateKey)
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** The settings of a facade that trusts this issuer; the key set may be reached through another port. */
  environment(port = this.port): Record<string, string> {
    return {
      VALENCE_AUTH_MODE: 'jwt',
      VALENCE_AUTH_JWKS_URL: `http://127.0.0.1:${port}/jwks`,
      VALENCE_AUTH_ISSUER: this.name,
      VALENCE_AUTH_AUDIENCE: this.audience,
    }
  }

  async headers(claims: JWTPayload = {}): Promise<{ authorization: string }> {
    const token = await new SignJWT({ sub: 'alice', scope: 'sentiment:score', ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setIssuer(this.name)
      .setAudience(this.audience)
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(this.#privateKey)
    return { authorization: `Bearer ${token}` }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
