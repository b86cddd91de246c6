import { ValenceError } from '@valence/schemas'
import type { HttpApp } from '../http-app.ts'
import type { Admission } from './admission.ts'

/** Sends requests for scores away before their body is read while there is no room: refusing must cost next to nothing. */
export function addAdmissionGuard(app: HttpApp, admission: Admission): void {
  app.addHook('onRequest', async (request) => {
    if (request.routeOptions.config.scope === 'sentiment:score' && admission.isFull && request.method === 'POST') {
      throw new ValenceError('VAL_HTTP_OVERLOADED')
    }
  })
}
