import type { IncomingHttpHeaders } from 'node:http'
import { anonymous, type Principal } from './principal.ts'

/** Tells who a caller is from the headers of a request. */
export interface Authenticator {
  /** Name of the OpenAPI security scheme; undefined without authentication. */
  readonly scheme: 'jwt' | 'api-key' | undefined
  /** @throws VAL_AUTH_* */
  authenticate(headers: IncomingHttpHeaders): Promise<Principal>
  close(): void
}

export function createOpenAuthenticator(): Authenticator {
  return { scheme: undefined, authenticate: async () => anonymous, close: () => undefined }
}
