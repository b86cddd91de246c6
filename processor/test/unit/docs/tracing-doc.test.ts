import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { type OverheadReport, overheadLines } from '../../../bench/overhead/lines.ts'

const document = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../../docs/${name}`, import.meta.url)), 'utf8')
const squeezed = (text: string) => text.replaceAll(/[\s-]+/g, ' ')

// After a run of processor/bench/overhead.ts: paste what it prints.
it('docs/lab/overhead.md says what metrics and traces were measured to cost', () => {
  const report = JSON.parse(document('lab/overhead.json')) as OverheadReport
  expect(squeezed(document('lab/overhead.md'))).toContain(squeezed(overheadLines(report)))
})
