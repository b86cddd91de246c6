import { isValenceError, type SchemaRegistry, ValenceError } from '@valence/schemas'
import type { Breaker } from '../platform/breaker.ts'

/**
 * Puts a breaker around the registry calls of the facade: registering schemas and loading the decoders of scores.
 * While it is open both fail at once with VAL_REGISTRY_UNAVAILABLE; cached decoders still work.
 */
export function guardRegistry(registry: SchemaRegistry, breaker: Breaker): SchemaRegistry {
  async function guarded<T>(call: () => Promise<T>): Promise<T> {
    let refusal: ValenceError | undefined
    try {
      const answer = await breaker.run(async () => {
        try {
          return { value: await call() }
        } catch (error) {
          // The registry answered and refused the schema, which is no failure of the registry.
          if (!isValenceError(error) || error.code === 'VAL_REGISTRY_UNAVAILABLE') throw error
          refusal = error
          return undefined
        }
      })
      if (answer) return answer.value
    } catch (cause) {
      throw isValenceError(cause) ? cause : new ValenceError('VAL_REGISTRY_UNAVAILABLE', undefined, { cause })
    }
    throw refusal ?? new ValenceError('VAL_REGISTRY_UNAVAILABLE')
  }

  const { scores } = registry
  return {
    ...registry,
    registerFor: (...args) => guarded(() => registry.registerFor(...args)),
    scores: {
      cached: (id) => scores.cached(id),
      load: async (id) => scores.cached(id) ?? guarded(() => scores.load(id)),
    },
  }
}
