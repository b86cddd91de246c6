const prefix = 'valence.kafkajs.1.'

/**
 * One value per process. Two copies of this package share one kafkajs and therefore one overlay, so their state must be
 * shared too. The number in the prefix is the version of the shared state.
 */
export function processWide<Value>(name: string, create: () => Value): Value {
  const registry = globalThis as unknown as Record<symbol, Value | undefined>
  const key = Symbol.for(prefix + name)
  registry[key] ??= create()
  return registry[key]
}
