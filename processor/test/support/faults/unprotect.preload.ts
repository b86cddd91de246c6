import { registerHooks } from 'node:module'

// Loaded into a processor with --import. The product has no switch for what it protects; its tests take the module away.
const replacement = new URL('./unprotected-kafka.ts', import.meta.url).href

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === '@valence/producer-sdk/kafka' && context.parentURL !== replacement) {
      return { url: replacement, shortCircuit: true }
    }
    return nextResolve(specifier, context)
  },
})
