import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { ExactlyOnceReport } from './invariants.ts'

/** One run of the fault suite, as it is printed and published. */
export interface FaultRow {
  readonly fault: string
  readonly seed: number
  readonly injected: number
  readonly records: number
  readonly lost: number
  readonly doubled: number
  readonly reordered: number
  readonly misattributed: number
  readonly longestSilenceMs: number
  readonly seconds: number
}

/** Prints a run and, where VALENCE_FAULTS_JSON names a file, adds it to the array in there. */
export function reportFault(
  facts: { fault: string; seed: number; injected: number; longestSilenceMs: number; seconds: number },
  report: ExactlyOnceReport,
): void {
  const row: FaultRow = {
    ...facts,
    records: report.acknowledged,
    lost: report.lost.length,
    doubled: report.doubled.length,
    reordered: report.reordered.length,
    misattributed: report.misattributed.length,
  }
  process.stdout.write(
    `${Object.entries(row)
      .map(([name, value]) => `${name} ${value}`)
      .join(' · ')}\n`,
  )
  const path = process.env.VALENCE_FAULTS_JSON
  if (!path) return
  const rows: FaultRow[] = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []
  writeFileSync(path, `${JSON.stringify([...rows, row], null, 2)}\n`)
}
