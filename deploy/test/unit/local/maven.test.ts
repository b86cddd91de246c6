import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { downloadWithMaven, findOnPath } from '../../../local/maven.ts'
import { SupervisorClient } from '../../../local/supervisor-client.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

afterEach(() => void vi.unstubAllEnvs())

/** A context in a folder of its own, where `bin` comes first on the PATH and a Java is at hand. */
async function prepare(commands: Readonly<Record<string, string>>) {
  const directory = await temporaryFolder()
  const bin = join(directory, 'bin')
  await mkdir(join(directory, 'java', 'bin'), { recursive: true })
  await writeFile(join(directory, 'java', 'bin', 'java'), '', { mode: 0o755 })
  await writeFile(join(directory, 'java', 'release'), 'JAVA_VERSION="99"\n')
  await mkdir(bin)
  for (const [name, script] of Object.entries(commands)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  vi.stubEnv('JAVA_HOME', join(directory, 'java'))
  vi.stubEnv('XDG_CACHE_HOME', join(directory, 'cache'))
  vi.stubEnv('PATH', [bin, '/usr/bin', '/bin'].join(delimiter))
  const supervisor = new SupervisorClient()
  onTestFinished(() => supervisor.close())
  return { directory, bin, supervisor, onProgress: vi.fn() }
}

const download = (folder: string) => ({ profile: 'kafka', goal: 'copy-dependencies', folder }) as const

test('finds an executable on the PATH', async () => {
  const { bin } = await prepare({ thing: 'true' })
  await writeFile(join(bin, 'text'), 'not executable', { mode: 0o644 })
  expect(findOnPath('thing')).toBe(join(bin, 'thing'))
  expect(findOnPath('text')).toBeUndefined()
  expect(findOnPath('thing', '')).toBeUndefined()
})

test('asks Maven for one profile, with the Java that was found and the folder as one argument', async () => {
  const context = await prepare({ mvn: 'echo "home $JAVA_HOME"; for a in "$@"; do echo "[$a]"; done' })
  const folder = join(context.directory, 'a folder')
  await downloadWithMaven({ ...download(folder), properties: { 'kafka.version': '3.9.1' } }, context)
  const log = await readFile(join(context.directory, 'fetch-kafka.log'), 'utf8')
  expect(log).toContain(`home ${join(context.directory, 'java')}\n`)
  expect(log).toContain('[--activate-profiles]\n[kafka]\n[dependency:copy-dependencies]\n')
  expect(log).toContain(`[-DoutputDirectory=${folder}]\n`)
  expect(log).toContain('[-Dkafka.version=3.9.1]\n')
})

test('what Maven says of its failure is passed on', async () => {
  const context = await prepare({ mvn: 'echo "[INFO] Scanning"; echo "[ERROR] Could not transfer artifact"; exit 1' })
  const failure = await downloadWithMaven(download('unused'), context).catch((error: Error) => error)
  expect(failure).toMatchObject({ name: 'StackError' })
  expect((failure as Error).message).toMatch(
    /^Maven cannot fetch .*\(profile kafka .*\n {2}- \[ERROR\] Could not transfer/,
  )
  expect((failure as Error).message).not.toContain('Scanning')
})

test('where neither Maven nor npm can help, the message says how to get Maven', async () => {
  const context = await prepare({ npm: 'echo "npm error code ENOTFOUND"; exit 1' })
  vi.stubEnv('PATH', context.bin)
  const failure = await downloadWithMaven(download('unused'), context).catch((error: Error) => error)
  const { message } = failure as Error
  expect(message).toMatch(/^Maven is missing: there is no `mvn` on the PATH/)
  expect(message).toContain('apt-get install maven')
  expect(message).toContain('npm said: npm error code ENOTFOUND')
})

test('a Maven archive with another checksum is refused', async () => {
  const context = await prepare({
    npm: 'mkdir -p "$4/package/src" && echo "not it" > "$4/package/src/apache-maven-3.5.0-bin.zip" && cd "$4" && tar -czf mvn-3.5.0.tgz package',
  })
  // A PATH without any mvn, but with what the script above needs.
  for (const name of ['mkdir', 'tar', 'gzip', 'sh']) {
    await writeFile(join(context.bin, name), `#!/bin/sh\nexec ${findOnPath(name, '/usr/bin:/bin')} "$@"\n`, {
      mode: 0o755,
    })
  }
  vi.stubEnv('PATH', context.bin)
  await expect(downloadWithMaven(download('unused'), context)).rejects.toThrow(
    /has the checksum [0-9a-f]{64}, not a6866b0a/,
  )
})
