import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { readMeasurements } from '../../../bench/report/measurements.ts'
import { benchmarksPage, performanceParagraph } from '../../../bench/report/page.ts'

const document = (name: string) => fileURLToPath(new URL(`../../../../${name}`, import.meta.url))

// After a benchmark: node processor/bench/report/publish.ts
it('docs/lab/benchmarks.md says what the benchmarks measured', () => {
  expect(readFileSync(document('docs/lab/benchmarks.md'), 'utf8')).toBe(benchmarksPage(readMeasurements()))
})

it('the README claims what the benchmarks measured', () => {
  const readme = readFileSync(document('README.md'), 'utf8')
  const claimed = /<!-- performance -->([\s\S]*)<!-- \/performance -->/.exec(readme)?.[1]
  expect(claimed?.replaceAll(/\s+/g, ' ').trim()).toBe(performanceParagraph(readMeasurements()))
})
