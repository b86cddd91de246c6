import { expect, it } from 'vitest'
import { addCounts, countTests, noTests, sumLine } from '../../../runs/suite-run.ts'

const report = (counts: { passed?: number; failed?: number; pending?: number }, files: readonly object[] = []) =>
  JSON.stringify({
    numPassedTests: counts.passed ?? 0,
    numFailedTests: counts.failed ?? 0,
    numPendingTests: counts.pending ?? 0,
    numTodoTests: 0,
    testResults: files,
  })
const failing = { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] }
const broken = { status: 'failed', assertionResults: [] }
const setUpFailed = { status: 'failed', assertionResults: [{ status: 'skipped' }] }

it.each([
  ['all good', report({ passed: 3 }), 0, '3 passed, 0 failed'],
  ['a failing test', report({ passed: 3, failed: 1 }, [failing]), 1, '3 passed, 1 failed'],
  ['skipped tests', report({ passed: 3, pending: 2 }), 0, '3 passed, 0 failed, 2 skipped'],
  ['a file that cannot be loaded', report({ passed: 3 }, [broken]), 1, '3 passed, 1 failed'],
  [
    'a set-up that fails, beside a failing test',
    report({ failed: 1 }, [failing, setUpFailed]),
    1,
    '0 passed, 2 failed',
  ],
  ['an error outside of every test', report({ passed: 3 }), 1, '3 passed, 1 failed'],
  ['no test at all', report({}), 0, '0 passed, 1 failed'],
  ['no report', undefined, 1, '0 passed, 1 failed'],
  ['no report, and nothing said', undefined, 0, '0 passed, 1 failed'],
])('%s is summed up', (_, text, exitCode, line) => {
  expect(sumLine(countTests(text, exitCode))).toBe(line)
})

it('counts of several suites are added', () => {
  const unit = { passed: 2, failed: 1, skipped: 1 }
  expect(addCounts(noTests, unit, { ...unit, failed: 0 })).toEqual({ passed: 4, failed: 1, skipped: 2 })
})
