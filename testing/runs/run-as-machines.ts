/**
 * `make test-machines`: unit tests of what reads the machine, once on each faked machine and in a shell with stray settings.
 * Arguments are paths of tests to run instead; `--all` runs every unit test, `--machine=NAME` runs them on that one alone.
 */
import { existsSync } from 'node:fs'
import { fakedMachines } from './faked-machines.ts'
import { addCounts, runSuite, sumLine } from './suite-run.ts'

/** Settings as somebody's shell may have them. A test that reads one of them fails. */
const strayShell = {
  VALENCE_LOG_LEVEL: 'warn',
  VALENCE_KAFKA_GROUP_ID: 'x',
  VALENCE_INPUT_TOPICS: 'stray',
  VALENCE_MODEL: '/no/such/model',
  VALENCE_HTTP_PORT: '1',
  VALENCE_LOCAL_ROOT: '/no/such/folder',
  VALENCE_UNKNOWN: 'yes',
  OTEL_TRACES_EXPORTER: 'console',
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
  AWS_REGION: 'stray',
  LC_ALL: 'C',
  NO_COLOR: '1',
}

/** What names cores, memory, processor, environment, times or locale in its tests or in what they test; parts of paths. */
const readers = [
  'testing/test/unit/runs',
  'deploy/test/unit/local',
  'processor/test/unit/bench/machine',
  'processor/test/unit/cli/output',
  'processor/test/unit/config',
  'processor/test/unit/docs',
  'processor/test/unit/doctor',
  'processor/test/unit/observability',
  'processor/test/unit/platform',
  'processor/test/unit/services',
]
const gone = readers.filter((path) => !existsSync(path) && !existsSync(`${path}.test.ts`))
if (gone.length > 0) throw new Error(`moved or gone: ${gone.join(', ')}`)

const machineFlag = '--machine='
const chosen = process.argv.slice(2).filter((arg) => arg.startsWith(machineFlag))
const names = chosen.length > 0 ? chosen.map((arg) => arg.slice(machineFlag.length)) : Object.keys(fakedMachines)
const args = process.argv.slice(2).filter((arg) => !arg.startsWith(machineFlag))
const paths = args.includes('--all') ? [] : args.length > 0 ? args : readers
let counts = { passed: 0, failed: 0, skipped: 0 }
for (const name of names) {
  if (!Object.hasOwn(fakedMachines, name))
    throw new Error(`no such machine: ${name}; there are ${Object.keys(fakedMachines)}`)
  process.stdout.write(`== as ${name}\n`)
  const environment = { ...process.env, ...strayShell, TEST_MACHINE: name }
  counts = addCounts(counts, await runSuite(['--project', 'unit', ...paths], environment))
}
process.stdout.write(`${sumLine(counts)}\n`)
process.exitCode = counts.failed === 0 ? 0 : 1
