import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Tests by their outcome. */
export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

type Environment = Readonly<Record<string, string | undefined>>

export const noTests: Counts = { passed: 0, failed: 0, skipped: 0 }

/** Runs a program whose output is shown as it comes; resolves with its exit code, 1 where it was killed or not found. */
export function runProgram(name: string, args: readonly string[], environment: Environment = process.env) {
  return new Promise<number>((resolve) => {
    const child = spawn(name, args, { stdio: 'inherit', env: environment })
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`)
      resolve(1)
    })
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

/** Runs vitest and counts what its JSON report says. A run that broke without a failing test counts as one failure. */
export async function runSuite(args: readonly string[], environment: Environment = process.env): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), 'valence-suite-'))
  try {
    const report = join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const code = await runProgram('vitest', ['run', ...args, ...reporters], environment)
    const text = await readFile(report, 'utf8').catch(() => undefined)
    return countTests(text, code)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { status: string; assertionResults: readonly { status: string }[] }[]
}

/** @param text vitest's JSON report; undefined where it wrote none */
export function countTests(text: string | undefined, exitCode: number): Counts {
  if (text === undefined) return { ...noTests, failed: 1 }
  const report = JSON.parse(text) as Report
  // A file that cannot be loaded, or whose set-up fails, has no failing test.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  )
  const failed = report.numFailedTests + broken.length
  const passed = report.numPassedTests
  // An error outside of every test, or no test at all.
  const isBroken = failed === 0 && (exitCode !== 0 || passed === 0)
  return { passed, failed: isBroken ? 1 : failed, skipped: report.numPendingTests + report.numTodoTests }
}

export function addCounts(...all: readonly Counts[]): Counts {
  return all.reduce(
    (sum, own) => ({
      passed: sum.passed + own.passed,
      failed: sum.failed + own.failed,
      skipped: sum.skipped + own.skipped,
    }),
    noTests,
  )
}

/** `N passed, N failed`, and what was skipped where something was. */
export function sumLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}
