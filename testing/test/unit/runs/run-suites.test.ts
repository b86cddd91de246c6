import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const repository = fileURLToPath(new URL('../../../../', import.meta.url))

/** Programs that take the place of others of their name; each notes its call in the file `calls`. */
function standIns(programs: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'valence-stand-ins-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const bin = join(folder, 'bin')
  mkdirSync(bin)
  const calls = join(folder, 'calls')
  writeFileSync(calls, '')
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/bash\necho "${name} $*" >> ${calls}\n${script}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return {
    run(program: string, ...args: string[]) {
      const path = [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(':')
      const { status, stdout } = spawnSync(program, args, {
        cwd: repository,
        env: { PATH: path, HOME: folder, TMPDIR: folder },
        encoding: 'utf8',
      })
      return { status, last: stdout.trimEnd().split('\n').at(-1) }
    },
    calls: () => readFileSync(calls, 'utf8').trimEnd().split('\n'),
  }
}

/** Writes vitest's report where its options say. */
function vitestThat(numPassedTests: number, numFailedTests: number): string {
  const testResults = numFailedTests > 0 ? [{ status: 'failed', assertionResults: [{ status: 'failed' }] }] : []
  const report = { numPassedTests, numFailedTests, numPendingTests: 1, numTodoTests: 0, testResults }
  return `for option in "$@"; do case $option in --outputFile.json=*) echo '${JSON.stringify(report)}' > "\${option#*=}";; esac; done
exit ${numFailedTests > 0 ? 1 : 0}`
}

it('every suite runs although the ones before failed, and the last line sums them up', () => {
  const { run, calls } = standIns({ tsc: 'exit 2', vitest: vitestThat(5, 1) })
  // Types of source and tests, and one failing test in each of two runs.
  expect(run(process.execPath, 'testing/runs/run-suites.ts')).toEqual({
    status: 1,
    last: '10 passed, 4 failed, 2 skipped',
  })
  expect(calls().map((line) => line.replace(/ --reporter.*/, ''))).toEqual([
    'tsc -b',
    'tsc -p tsconfig.test.json',
    'vitest run --project unit',
    'vitest run --project contract --project integration --project alone',
  ])
})

it('a suite that ends without a report counts as a failure', () => {
  const { run } = standIns({ tsc: 'exit 0', vitest: 'kill -9 $$' })
  expect(run(process.execPath, 'testing/runs/run-suites.ts')).toEqual({ status: 1, last: '0 passed, 2 failed' })
})

it('good suites end with 0', () => {
  const { run } = standIns({ tsc: 'exit 0', vitest: vitestThat(5, 0) })
  expect(run(process.execPath, 'testing/runs/run-suites.ts')).toEqual({
    status: 0,
    last: '10 passed, 0 failed, 2 skipped',
  })
})

/** What `.ci/run` would install is there, but for Python packages. */
const tools = { kcat: '', chromium: '', prometheus: '', amtool: '', python3: 'exit 1' }

it.each([
  ['good', 'echo "7 passed, 0 failed, 1 skipped"', 0, '15 passed, 0 failed'],
  ['failing', '[ "$1" = check ] || { echo "7 passed, 2 failed"; exit 2; }', 1, '15 passed, 4 failed'],
  ['whose check fails', '[ "$1" != check ] || exit 2; echo "7 passed, 0 failed"', 1, '14 passed, 1 failed'],
  ['that break without a failing test', 'echo "7 passed, 0 failed"; exit 2', 1, '14 passed, 3 failed'],
  ['that break before a sum', 'echo "no space left"; exit 2', 1, '0 passed, 3 failed'],
])('.ci/run sums up targets that are %s', (_, make, status, last) => {
  const { run, calls } = standIns({ ...tools, make })
  expect(run('.ci/run')).toEqual({ status, last })
  expect(calls().filter((line) => line.startsWith('make'))).toEqual(['make check', 'make test', 'make test-machines'])
})
