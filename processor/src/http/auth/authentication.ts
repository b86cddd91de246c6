import { ValenceError } from '@valence/schemas'
import type { HttpApp } from '../http-app.ts'
import type { Authenticator } from './authenticator.ts'

/** Authenticates callers of routes with a scope, and checks that they have it, before a body is read. */
export function addAuthentication(app: HttpApp, authenticator: Authenticator): void {
  app.addHook('onRequest', async (request) => {
    const { scope } = request.routeOptions.config
    if (scope === undefined) return
    const principal = await authenticator.authenticate(request.headers)
    request.principal = principal
    if (!principal.scopes.has(scope)) throw new ValenceError('VAL_AUTH_SCOPE_MISSING', scope)
  })
}
