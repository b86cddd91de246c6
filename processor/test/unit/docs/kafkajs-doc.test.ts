import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { type OverlayReport, overlayLines } from '../../../bench/report/overlay.ts'

const document = (name: string) =>
  readFileSync(fileURLToPath(new URL(`../../../../docs/${name}`, import.meta.url)), 'utf8')
const squeezed = (text: string) => text.replaceAll(/[\s-]+/g, ' ')

// After a run of processor/bench/overlay.ts: paste what overlayLines gives.
it('docs/kafkajs.md says what stock kafkajs and the overlay were measured to cost', () => {
  const report = JSON.parse(document('overlay.json')) as OverlayReport
  expect(squeezed(document('kafkajs.md'))).toContain(squeezed(overlayLines(report)))
})
