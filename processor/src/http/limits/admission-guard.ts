import { ValenceError } from '@valence/schemas'
import type { HttpApp } from '../http-app.ts'
import type { Admission } from './admission.ts'

/** Sends requests for scores away before their body is read while there is no room: refusing must cost next to nothing. */
export function addAdmissionGuard(app: HttpApp, admission: Admission): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { scope } = request.routeOptions.config
    const isRefused = scope === 'sentiment:score' && admission.isFull && request.method === 'POST'
    done(isRefused ? new ValenceError('VAL_HTTP_OVERLOADED') : undefined)
  })
}
