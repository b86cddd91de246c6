/** Prefix of the settings of the local stack itself, such as VALENCE_LOCAL_PROVIDER. */
const ofStack = /^VALENCE_LOCAL_/

/**
 * Removes the settings of Valence from an environment, in place, and returns their names. A shell may have the settings
 * of another Kafka; a process on its own stack must not use them.
 */
export function dropSettings(environment: NodeJS.ProcessEnv): readonly string[] {
  const names = Object.keys(environment).filter((name) => name.startsWith('VALENCE_') && !ofStack.test(name))
  const meant = names.filter((name) => environment[name] !== '')
  for (const name of names) delete environment[name]
  return meant.sort()
}

/** One line with the removed names; undefined if there are none. */
export function ignoredSettings(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `ignored, because the stack is its own: ${names.join(', ')}`
}
