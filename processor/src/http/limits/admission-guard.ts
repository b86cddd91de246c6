import { ValenceError } from '@valence/schemas'
import type { HttpApp } from '../http-app.ts'
import type { Admission } from './admission.ts'

/** Refuses requests for scores before their body is read while admission is full, so that a refusal costs little. */
export function addAdmissionGuard(app: HttpApp, admission: Admission): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { scope } = request.routeOptions.config
    const isRefused = scope === 'sentiment:score' && admission.isFull && request.method === 'POST'
    done(isRefused ? new ValenceError('VAL_HTTP_OVERLOADED') : undefined)
  })
}
