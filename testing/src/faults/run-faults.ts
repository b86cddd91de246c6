import { expect } from 'vitest'
import { type FaultRow, faultSeed, reportFault } from '../counting/fault-report.ts'
import { compareOutput, type ExactlyOnceReport, expectExactlyOnce, longestSilenceMs } from '../counting/invariants.ts'
import { readCommitted } from '../kafka/independent-reader.ts'
import { fallSilent, lastTexts } from './fall-silent.ts'
import type { FaultForm } from './fault-form.ts'
import type { FaultKind } from './fault-kind.ts'
import { feedOn } from './feed-on.ts'
import { hasKnownScores } from './known-texts.ts'
import { avroEncoding, openScene, sessionTimeoutMs } from './scene.ts'
import type { Stage } from './stage.ts'

/** `loud`: texts go on coming after a fault. `quiet`: nothing comes any more, so that nothing can hide what stands still. */
const forms = { loud: feedOn, quiet: fallSilent } satisfies Record<string, FaultForm>

export interface FaultRun {
  /** By default loud. */
  readonly form?: keyof typeof forms
  readonly seed: number
  /** Faults to inject. */
  readonly times: number
  /** Records to acknowledge at least; the quiet form sends some for each fault. */
  readonly records?: number
  /** How long the silence of a quiet run is watched once everything is out: by default for more than a session. */
  readonly lingerMs?: number
  /** What the processors are run without; see protections.ts. */
  readonly without?: string
  readonly environment?: Readonly<Record<string, string>>
}

export interface FaultResult {
  readonly row: FaultRow
  readonly report: ExactlyOnceReport
  /** Codes with which processors gave up, to be started again. */
  readonly crashes: readonly string[]
}

function fullReplication({ cluster }: Stage): number {
  return Math.min(3, cluster.brokers.length)
}

/** Gives processors texts while faults of one kind happen to them, and compares what an independent client reads. */
export async function runFaults(stage: Stage, kind: FaultKind, run: FaultRun): Promise<FaultResult> {
  const startedAt = Date.now()
  const { form = 'loud', seed, times, records = 0, lingerMs = sessionTimeoutMs + 3_000 } = run
  const scene = await openScene(stage, {
    seed,
    processors: kind.processors ?? 2,
    replication: kind.replication ?? fullReplication(stage),
    environment: { ...kind.environment, ...run.environment },
  })
  const say = (line: string) => process.stdout.write(`  ${((Date.now() - startedAt) / 1_000).toFixed(1)} s  ${line}\n`)
  process.stdout.write(`${kind.fault}, ${form}: seed ${seed}\n`)
  try {
    const encode = kind.avro ? await avroEncoding(stage, scene.topics) : undefined
    const { sent, quiet } = await forms[form]({ scene, kind, times, records, lingerMs, encode, say })
    await Promise.all(scene.seats.filter(({ isTaken }) => isTaken).map((seat) => seat.leave()))
    const output = await readCommitted(scene.kafka.brokers, scene.topics.output)
    const report = compareOutput(sent, output, hasKnownScores)
    const crashes = scene.seats.flatMap((seat) => seat.crashes)
    if (crashes.length > 0) say(`gave up and were started again: ${crashes.join(', ')}`)
    const row = reportFault(
      {
        fault: kind.fault,
        ...(run.without === undefined ? {} : { without: run.without }),
        ...(quiet === undefined ? {} : { quiet }),
        seed,
        injected: times * (kind.faultsEach ?? 1),
        longestSilenceMs: longestSilenceMs(output),
        seconds: Math.round((Date.now() - startedAt) / 1_000),
      },
      report,
    )
    return { row, report, crashes }
  } finally {
    await scene.close()
  }
}

/** The quiet form, twice at least and once for each moment at which the last texts come. */
export function runQuietly(stage: Stage, kind: FaultKind, run: Partial<FaultRun> = {}): Promise<FaultResult> {
  const times = Math.max(2, kind.lastTexts?.length ?? lastTexts.length)
  return runFaults(stage, kind, { form: 'quiet', seed: faultSeed(), times, ...run })
}

/** A quiet run: everything out once and in time, and readiness told the truth all along. */
export function expectComesOut({ row, report }: FaultResult): void {
  expect(row.quiet).toMatchObject({ waiting: 0, untruths: [] })
  expectExactlyOnce(report)
}
