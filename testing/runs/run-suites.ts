/** `make test`: types and all suites but the long one, whatever fails before; the last line sums them up. */
import { addCounts, noTests, runProgram, runSuite, sumLine } from './suite-run.ts'

async function compile(...args: readonly string[]) {
  return (await runProgram('tsc', args)) === 0 ? noTests : { ...noTests, failed: 1 }
}

const counts = addCounts(
  await compile('-b'),
  await compile('-p', 'tsconfig.test.json'),
  await runSuite(['--project', 'unit']),
  await runSuite(['--project', 'contract', '--project', 'integration', '--project', 'alone']),
)
process.stdout.write(`${sumLine(counts)}\n`)
process.exitCode = counts.failed === 0 ? 0 : 1
