import { fakedMachines } from './faked-machines.ts'

type Variables = Record<string, string | undefined>

/** What Valence, its libraries or the programs that tests start would read: no test may depend on the shell it runs in. */
const strays =
  /^(VALENCE|OTEL|AWS|KAFKA|JAVA_TOOL|JDK_JAVA|_JAVA|LC|KUBERNETES)_|^(LANG|LANGUAGE|COLUMNS|LINES|COLORTERM|CLASSPATH)$/

/** Meant for the tests: which parts and tools they use, and how long the fault suite takes. */
const forTests = /^VALENCE_(LOCAL_\w+|FAULTS_\w+|HELM|KUBECONFORM|KUBERNETES_SCHEMAS)$/

/** The parts to test against instead of own ones: read once, by the set-up that hands the addresses to the tests. */
const parts: ReadonlySet<string> = new Set([
  'VALENCE_KAFKA_BROKERS',
  'VALENCE_SCHEMA_REGISTRY_URL',
  'VALENCE_REDIS_URL',
])

/** For the workers only: vitest itself reads these, for its own output. */
const ofTerminal = ['CI', 'NO_COLOR', 'FORCE_COLOR', 'NODE_DISABLE_COLORS']

/**
 * Takes out of the environment of a test run, in place, what only the machine or the shell put there, and fixes time zone
 * and locale. The workers and the processes they start inherit it. TEST_MACHINE names a faked machine to run as.
 */
export function cleanRunEnvironment(environment: Variables): void {
  for (const name of Object.keys(environment)) {
    if (strays.test(name) && !forTests.test(name) && !parts.has(name)) delete environment[name]
  }
  Object.assign(environment, { TZ: 'UTC', LANG: 'C.UTF-8' })
  const machine = environment.TEST_MACHINE
  if (!machine) return
  const faked = fakedMachines[machine]
  if (faked === undefined)
    throw new Error(`TEST_MACHINE=${machine} is none of ${Object.keys(fakedMachines).join(', ')}`)
  const preload = `--import ${new URL('fake-machine.preload.ts', import.meta.url)}`
  if (!environment.NODE_OPTIONS?.includes(preload)) {
    environment.NODE_OPTIONS = `${environment.NODE_OPTIONS ?? ''} ${preload}`.trim()
  }
  Object.assign(environment, faked.environment)
}

/** The same for a worker. TEST_MODEL puts another model than the packaged one under test. */
export function cleanWorkerEnvironment(environment: Variables, suite: string): void {
  for (const name of [...ofTerminal, ...parts]) delete environment[name]
  for (const name of Object.keys(environment)) {
    // Unit tests start none of the local parts: they say themselves what the code under test is to find.
    if (suite === 'unit' && name.startsWith('VALENCE_LOCAL_')) delete environment[name]
  }
  environment.TERM = 'xterm-256color'
  if (environment.TEST_MODEL && suite !== 'unit') environment.VALENCE_MODEL = environment.TEST_MODEL
}
