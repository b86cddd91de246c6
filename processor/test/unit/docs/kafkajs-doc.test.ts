import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { type OverlayReport, overlayLines } from '../../../bench/report/overlay.ts'

const document = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../../docs/${name}`, import.meta.url)), 'utf8')
const squeezed = (text: string) => text.replaceAll(/[\s-]+/g, ' ')

// After a run of processor/bench/overlay.ts: paste what overlayLines gives.
it('docs/lab/overlay.md says what stock kafkajs and the overlay were measured to cost', () => {
  const report = JSON.parse(document('lab/overlay.json')) as OverlayReport
  expect(squeezed(document('lab/overlay.md'))).toContain(squeezed(overlayLines(report)))
})
