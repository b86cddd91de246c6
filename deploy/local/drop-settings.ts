/** How the local stack itself is started: VALENCE_LOCAL_PROVIDER and the like. */
const ofStack = /^VALENCE_LOCAL_/

/**
 * Takes the settings of Valence out of an environment, in place, and returns their names: a shell that is pointed at a
 * Kafka must not send what runs on a stack of its own there.
 */
export function dropSettings(environment: NodeJS.ProcessEnv): readonly string[] {
  const names = Object.keys(environment).filter((name) => name.startsWith('VALENCE_') && !ofStack.test(name))
  const meant = names.filter((name) => environment[name] !== '')
  for (const name of names) delete environment[name]
  return meant.sort()
}

/** One line that names them; undefined where there are none. */
export function ignoredSettings(names: readonly string[]): string | undefined {
  return names.length === 0 ? undefined : `ignored, because the stack is its own: ${names.join(', ')}`
}
