const prefix = 'valence.kafkajs.1.'

/**
 * One value for the process. Two copies of this package share one kafkajs and so one overlay: what they tell it must
 * not end in the copy that did not install it. The number in the prefix is the version of what is shared.
 */
export function processWide<Value>(name: string, create: () => Value): Value {
  const registry = globalThis as unknown as Record<symbol, Value | undefined>
  const key = Symbol.for(prefix + name)
  registry[key] ??= create()
  return registry[key]
}
