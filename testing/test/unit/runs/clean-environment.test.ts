import { execFileSync } from 'node:child_process'
import { availableParallelism, totalmem } from 'node:os'
import { expect, it } from 'vitest'
import { cleanRunEnvironment, cleanWorkerEnvironment } from '../../../runs/clean-environment.ts'
import { fakedMachines } from '../../../runs/faked-machines.ts'

const shell = {
  PATH: '/bin',
  HOME: '/home/somebody',
  JAVA_HOME: '/opt/java',
  HTTPS_PROXY: 'http://proxy:3128',
  TZ: 'Asia/Kolkata',
  LANG: 'de_DE.UTF-8',
  LC_ALL: 'de_DE.UTF-8',
  VALENCE_LOG_LEVEL: 'warn',
  VALENCE_KAFKA_GROUP_ID: 'x',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
  AWS_ENDPOINT_URL: 'http://storage',
  KAFKA_OPTS: '-Dstray',
}

it('takes what the shell put there out of a run, and fixes time zone and locale', () => {
  const environment: Record<string, string | undefined> = { ...shell }
  cleanRunEnvironment(environment)
  expect(environment).toEqual({
    PATH: '/bin',
    HOME: '/home/somebody',
    JAVA_HOME: '/opt/java',
    HTTPS_PROXY: 'http://proxy:3128',
    TZ: 'UTC',
    LANG: 'C.UTF-8',
  })
})

it('leaves the parts to test against to the set-up, and takes them from the workers', () => {
  const environment: Record<string, string | undefined> = { VALENCE_KAFKA_BROKERS: '127.0.0.1:9092' }
  cleanRunEnvironment(environment)
  expect(environment.VALENCE_KAFKA_BROKERS).toBe('127.0.0.1:9092')
  cleanWorkerEnvironment(environment, 'integration')
  expect(environment.VALENCE_KAFKA_BROKERS).toBeUndefined()
})

it('leaves what is meant for the tests', () => {
  const environment: Record<string, string | undefined> = {
    VALENCE_FAULTS_SEED: '7',
    VALENCE_LOCAL_PROVIDER: 'processes',
    TEST_MODEL: '/models/other',
  }
  cleanRunEnvironment(environment)
  cleanWorkerEnvironment(environment, 'faults')
  expect(environment).toMatchObject({
    VALENCE_FAULTS_SEED: '7',
    VALENCE_LOCAL_PROVIDER: 'processes',
    VALENCE_MODEL: '/models/other',
  })
})

it('has taken effect where this test runs', () => {
  const machine = fakedMachines[process.env.TEST_MACHINE ?? '']
  const { TZ = 'UTC', LANG = 'C.UTF-8', ...stray } = machine?.environment ?? {}
  expect([process.env.TZ, process.env.LANG]).toEqual([TZ, LANG])
  // Asia/Kolkata is Asia/Calcutta to ICU.
  const nameOf = (timeZone?: string) => Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone
  expect(nameOf()).toBe(nameOf(TZ))
  expect([process.env.CI, process.env.NO_COLOR, process.env.LC_ALL]).toEqual([undefined, undefined, undefined])
  const names = Object.keys(process.env).filter((name) => /^(VALENCE|OTEL)_/.test(name))
  expect(names.filter((name) => !/^VALENCE_(FAULTS_|HELM$|KUBE)/.test(name))).toEqual([])
  expect(stray).toEqual({})
})

it('a faked machine is seen by a worker and by the processes it starts', () => {
  const code = `const os = require('node:os'); console.log(os.availableParallelism(), os.totalmem())`
  const names = Object.keys(fakedMachines)
  expect(names.length).toBeGreaterThan(0)
  for (const name of names) {
    const environment: Record<string, string | undefined> = { PATH: process.env.PATH, TEST_MACHINE: name }
    cleanRunEnvironment(environment)
    const seen = execFileSync(process.execPath, ['-e', code], { env: environment, encoding: 'utf8' })
    expect(seen.trim()).toBe(`${fakedMachines[name]?.cores} ${fakedMachines[name]?.memoryBytes}`)
  }
  const current = fakedMachines[process.env.TEST_MACHINE ?? '']
  if (current) expect([availableParallelism(), totalmem()]).toEqual([current.cores, current.memoryBytes])
})

it('a machine that nobody knows is refused', () => {
  expect(() => cleanRunEnvironment({ TEST_MACHINE: 'toaster' })).toThrow(/toaster is none of no-vnni, one-core/)
})
