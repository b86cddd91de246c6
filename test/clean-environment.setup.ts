import { inject } from 'vitest'
import { cleanWorkerEnvironment } from './clean-environment.ts'

declare module 'vitest' {
  interface ProvidedContext {
    suite: string
  }
}

cleanWorkerEnvironment(process.env, inject('suite'))
