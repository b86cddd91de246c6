import { inject, vi } from 'vitest'
import { cleanWorkerEnvironment } from './clean-environment.ts'

declare module 'vitest' {
  interface ProvidedContext {
    suite: string
  }
}

cleanWorkerEnvironment(process.env, inject('suite'))

// As for expect.poll; there is no option for this one, whose own bound is a second.
const waitFor = vi.waitFor
vi.waitFor = (callback, options) =>
  waitFor(callback, typeof options === 'number' ? options : { timeout: 30_000, ...options })
