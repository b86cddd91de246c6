import { setTimeout as delay } from 'node:timers/promises'
import { type FaultRow, reportFault } from '../fault-report.ts'
import { readCommitted } from '../independent-reader.ts'
import { compareOutput, type ExactlyOnceReport, longestSilenceMs } from '../invariants.ts'
import type { FaultKind } from './fault-kind.ts'
import { Feeder } from './feeder.ts'
import { hasKnownScores } from './known-texts.ts'
import { avroEncoding, openScene, type Scene } from './scene.ts'
import type { Stage } from './stage.ts'

export interface FaultRun {
  readonly seed: number
  /** Faults to inject. */
  readonly times: number
  /** Records to acknowledge at least. */
  readonly records: number
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

const stillMs = 90_000

function fullReplication({ cluster }: Stage): number {
  return Math.min(3, cluster.brokers.length)
}

/** Feeds processors while faults of one kind happen to them, lets them finish, and compares what an independent client reads. */
export async function runFaults(stage: Stage, kind: FaultKind, run: FaultRun): Promise<FaultResult> {
  const startedAt = Date.now()
  const scene = await openScene(stage, {
    seed: run.seed,
    processors: kind.processors ?? 2,
    replication: kind.replication ?? fullReplication(stage),
    environment: { ...kind.environment, ...run.environment },
  })
  const say = (line: string) => process.stdout.write(`  ${((Date.now() - startedAt) / 1_000).toFixed(1)} s  ${line}\n`)
  process.stdout.write(`${kind.fault}: seed ${run.seed}\n`)
  try {
    const encode = kind.avro ? await avroEncoding(stage, scene.topics) : undefined
    const feeder = new Feeder(scene.kafka, scene.topics, { distinctTexts: kind.distinctTexts, encode })
    await injectAll(scene, kind, run.times, say)
    const sent = await feeder.finish(run.records)
    say(`${sent.length} records acknowledged, draining`)
    await scene.kafka.drained(scene.topics, stillMs)
    await Promise.all(scene.seats.filter(({ isTaken }) => isTaken).map((seat) => seat.leave()))
    const output = await readCommitted(scene.kafka.brokers, scene.topics.output)
    const report = compareOutput(sent, output, hasKnownScores)
    const crashes = scene.seats.flatMap((seat) => seat.crashes)
    if (crashes.length > 0) say(`gave up and were started again: ${crashes.join(', ')}`)
    const row = reportFault(
      {
        fault: kind.fault,
        ...(run.without === undefined ? {} : { without: run.without }),
        seed: run.seed,
        injected: run.times * (kind.faultsEach ?? 1),
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

async function injectAll(scene: Scene, kind: FaultKind, times: number, say: (line: string) => void): Promise<void> {
  const [from, to] = kind.pauseMs ?? [1_500, 3_500]
  let misses = 0
  for (let happened = 0; happened < times; ) {
    await delay(from + scene.dice.int(to - from))
    const what = await kind.inject(scene)
    if (what !== undefined) happened += 1
    else if (++misses > times) throw new Error(`${kind.fault}: could not be brought about`)
    say(what ?? 'did not happen, once more')
  }
}
