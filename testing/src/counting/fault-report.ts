import { randomInt } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { kafkaVersionOf } from '@valence/deploy/local/kafka-version'
import type { ExactlyOnceReport } from './invariants.ts'

/** What is known to go wrong in Kafka itself, and where docs/exactly-once.md has the evidence. */
export const explanations = { brokerCameBack: 'A broker that comes back too soon' } as const

/** What a run showed that fed nothing after its faults. */
export interface QuietFacts {
  /** By when everything had to be out, from the end of each cause on, and what that time is made of. */
  readonly boundMs: number
  readonly waits: readonly string[]
  /** The longest time until everything was out. */
  readonly outAfterMs: number
  /** Texts that were not out within the bound. */
  readonly waiting: number
  /** What `/readyz` of a processor said that was not so. */
  readonly untruths: readonly string[]
}

/** One run of the fault suite, as it is printed and published. */
export interface FaultRow {
  /** The kind of fault, worded for the table: runs of the same words are one row there. */
  readonly fault: string
  /** What the test had switched off to show that it is needed; such a run is published in a table of its own. */
  readonly without?: string
  /** Only where nothing was fed after the faults. */
  readonly quiet?: QuietFacts
  readonly seed: number
  /** Faults that were injected. */
  readonly injected: number
  readonly records: number
  readonly lost: number
  readonly doubled: number
  readonly reordered: number
  readonly misattributed: number
  readonly longestSilenceMs: number
  readonly seconds: number
  /** What was counted here was traced to the broker, by its own logs: the section of docs/exactly-once.md that shows it. */
  readonly explained?: keyof typeof explanations
  /** Day of the run, `2026-01-31`. */
  readonly date: string
  readonly kafka: string
}

/** How long the partitions of a killed processor stood still, by its settings. */
export interface RecoveryRow {
  readonly setting: string
  /** What was promised. */
  readonly atMostMs: number
  /** Of each run: the last output before to the first after, on the partition that waited longest. */
  readonly recoveredMs: readonly number[]
  readonly date: string
  readonly kafka: string
}

/** What a test knows of its run beside the comparison. */
export type FaultFacts = Pick<
  FaultRow,
  'fault' | 'without' | 'quiet' | 'seed' | 'injected' | 'longestSilenceMs' | 'seconds'
>

/** The seed of a run: VALENCE_FAULTS_SEED replays one that was printed, otherwise it is another one each time. */
export function faultSeed(): number {
  const given = process.env.VALENCE_FAULTS_SEED
  return given ? Number(given) : randomInt(2 ** 31)
}

const today = () => ({ date: new Date().toISOString().slice(0, 10), kafka: kafkaVersionOf({}) })

/** Prints a run and, where VALENCE_FAULTS_JSON names a file, adds it to the array in there. */
export function reportFault(facts: FaultFacts, report: ExactlyOnceReport): FaultRow {
  const row: FaultRow = {
    ...facts,
    records: report.acknowledged,
    lost: report.lost.length,
    doubled: report.doubled.length,
    reordered: report.reordered.length,
    misattributed: report.misattributed.length,
    ...today(),
  }
  keep(row)
  return row
}

export function reportRecovery(facts: Omit<RecoveryRow, 'date' | 'kafka'>): void {
  keep({ ...facts, ...today() })
}

function keep(row: FaultRow | RecoveryRow): void {
  const facts = Object.entries(row).map(
    ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  )
  process.stdout.write(`${facts.join(' · ')}\n`)
  const path = process.env.VALENCE_FAULTS_JSON
  if (path) writeFileSync(path, `${JSON.stringify([...readRows(path), row], null, 2)}\n`)
}

export function readRows(path: string): (FaultRow | RecoveryRow)[] {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []
}
