import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { findJdk, listJdks, readJdk } from '../../../local/jdk.ts'
import { SupervisorClient } from '../../../local/supervisor-client.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

async function installJdk(home: string, version: string): Promise<string> {
  await mkdir(join(home, 'bin'), { recursive: true })
  await writeFile(join(home, 'bin', 'java'), '#!/bin/sh\n', { mode: 0o755 })
  await writeFile(join(home, 'release'), `IMPLEMENTOR="Someone"\nJAVA_VERSION="${version}"\n`)
  return home
}

test.each([
  ['25.0.3', 25],
  ['21', 21],
  ['1.8.0_402', 8],
])('reads version %s as %d', async (version, major) => {
  const home = await installJdk(await temporaryFolder(), version)
  expect(readJdk(home)).toEqual({ home, java: join(home, 'bin', 'java'), major })
})

test('a folder without java or without a release file is no JDK', async () => {
  const folder = await temporaryFolder()
  expect(readJdk(folder)).toBeUndefined()
  await mkdir(join(folder, 'bin'))
  await writeFile(join(folder, 'bin', 'java'), '')
  expect(readJdk(folder)).toBeUndefined()
})

test('looks in JAVA_HOME, on the PATH through links, and in the usual folders; the newest comes first', async () => {
  const root = await temporaryFolder()
  const fromHome = await installJdk(join(root, 'java home'), '17.0.1')
  const fromPath = await installJdk(join(root, 'elsewhere'), '21.0.2')
  const usual = join(root, 'jvm')
  await installJdk(join(usual, 'eight'), '1.8.0_1')
  const mac = await installJdk(join(usual, 'temurin.jdk', 'Contents', 'Home'), '25.0.1')
  await mkdir(join(root, 'bin'))
  await symlink(join(fromPath, 'bin', 'java'), join(root, 'bin', 'java'))
  const jdks = listJdks({ JAVA_HOME: fromHome, PATH: `/nowhere:${join(root, 'bin')}` }, [usual, '/no/such/folder'])
  expect(jdks.map((jdk) => jdk.major)).toEqual([25, 21, 17, 8])
  expect(jdks[0]?.home).toBe(mac)
})

async function contextIn(directory: string) {
  const supervisor = new SupervisorClient()
  return { supervisor, directory, onProgress: vi.fn() }
}

test('takes the newest that fits', async () => {
  const root = await temporaryFolder()
  await installJdk(join(root, 'a'), '17.0.1')
  await installJdk(join(root, 'b'), '25.0.1')
  const context = await contextIn(root)
  expect((await findJdk(21, context, listJdks({}, [root]))).major).toBe(25)
  await context.supervisor.close()
})

test('without a fitting one and without pip, says what was found and how to get one', async () => {
  const root = await temporaryFolder()
  const old = await installJdk(join(root, 'jvm', 'old'), '11.0.2')
  await mkdir(join(root, 'bin'))
  await writeFile(join(root, 'bin', 'python3'), '#!/bin/sh\necho "No module named pip"\nexit 1\n', { mode: 0o755 })
  vi.stubEnv('PATH', `${join(root, 'bin')}:${process.env.PATH}`)
  vi.stubEnv('XDG_CACHE_HOME', join(root, 'cache'))
  const context = await contextIn(root)
  const failure = await findJdk(21, context, listJdks({}, [join(root, 'jvm')])).catch((error: Error) => error)
  vi.unstubAllEnvs()
  await context.supervisor.close()
  expect(failure).toMatchObject({ name: 'StackError' })
  const { message } = failure as Error
  expect(message).toContain(`Java 21 or newer is missing: the newest found is 11 in ${old}`)
  expect(message).toContain('apt-get install openjdk-21-jre-headless')
  expect(message).toContain('pip said: No module named pip')
})
