import { setTimeout as delay } from 'node:timers/promises'
import { compareOutput, type ExactlyOnceReport } from '../counting/invariants.ts'
import type { TestKafka } from '../counting/workload.ts'
import { readCommitted } from '../kafka/independent-reader.ts'
import { writeTinyModel } from '../models/tiny-model.ts'
import { ProcessorProcess } from '../processes/processor-process.ts'
import { SteadyLoad } from './steady-load.ts'

const throttle = new URL('./throttle.preload.ts', import.meta.url).href

export interface StepRunOptions {
  /** Texts a second that one processor can do. */
  readonly capacity: number
  readonly partitions: number
  readonly lowMs: number
  /** Of the high load, at least. */
  readonly highMs: number
  /** The high load lasts until so many processors were asked for and have started, however busy the machine is. */
  readonly upTo?: number
  readonly targetMs: number
  readonly downAfterMs: number
}

export interface StepRun {
  readonly report: ExactlyOnceReport
  /** From the step until the supervisor asked for more. */
  readonly upAfterMs: number
  /** From the step until as many as the load needs had their partitions. */
  readonly readyAfterMs: number
  /** From the end of the step until fewer were asked for. */
  readonly downAfterMs: number
  /** From the acknowledgement of a text until its result was published, the longest. */
  readonly worstDelayMs: number
  /** Wanted counts, one after the other. */
  readonly counts: readonly number[]
  /** Exit codes of the processors that were stopped. */
  readonly exitCodes: readonly unknown[]
}

interface ScalingLine {
  readonly at: number
  readonly desired: number
}

/** Load steps from a fifth to two and a half times what one processor can do, and back, under `valence supervise`. */
export async function runStep(kafka: TestKafka, options: StepRunOptions): Promise<StepRun> {
  const topics = await kafka.createTopics({ partitions: options.partitions })
  const model = await writeTinyModel()
  const supervisor = new ProcessorProcess(
    { ...topics.environment, ...settingsFor(options), VALENCE_MODEL: model.folder },
    'supervise',
    ['--min', '1', '--max', String(options.partitions)],
  )
  try {
    await supervisor.logged('partition taken')
    const load = new SteadyLoad(kafka, topics, 0.2 * options.capacity)
    await delay(options.lowMs)
    const stepAt = Date.now()
    load.textsPerSecond = 2.5 * options.capacity
    await delay(options.highMs)
    const { upTo = 1 } = options
    while (mostWanted(supervisor) < upTo || timesOf(supervisor, 'processor started').length < upTo) await delay(200)
    const backAt = Date.now()
    load.textsPerSecond = 0.2 * options.capacity
    while (wanted(supervisor).at(-1)?.desired !== 1) await delay(200)
    await load.stop()
    await kafka.drained(topics)
    const output = await readCommitted(kafka.brokers, topics.output)
    await supervisor.stop()
    const lines = wanted(supervisor)
    const ups = lines.filter(({ at, desired }) => at >= stepAt && desired > 1)
    const most = mostWanted(supervisor)
    const started = timesOf(supervisor, 'processor started').filter((at) => at <= backAt)
    return {
      report: compareOutput(load.sent, output),
      upAfterMs: (ups[0]?.at ?? Number.POSITIVE_INFINITY) - stepAt,
      readyAfterMs: (started[most - 1] ?? Number.POSITIVE_INFINITY) - stepAt,
      downAfterMs: (lines.find(({ at }) => at > backAt)?.at ?? Number.POSITIVE_INFINITY) - backAt,
      worstDelayMs: Math.max(...output.map((own) => own.timestamp - (load.sentAt.get(idOf(own.value)) ?? 0))),
      counts: lines.map(({ desired }) => desired),
      exitCodes: supervisor.log.filter(({ msg }) => msg === 'processor ended').map(({ code }) => code),
    }
  } finally {
    killBegun(supervisor)
    await model.remove()
  }
}

function settingsFor({ capacity, targetMs, downAfterMs }: StepRunOptions): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${throttle}`,
    TEST_THROTTLE_TEXTS: String(capacity),
    VALENCE_INFERENCE_WORKERS: '1',
    VALENCE_SCALING_TARGET_MS: String(targetMs),
    VALENCE_SCALING_CAPACITY_TEXTS: String(capacity),
    VALENCE_SCALING_INTERVAL_MS: '1000',
    VALENCE_SCALING_START_MS: '3000',
    VALENCE_SCALING_REBALANCE_MS: '1000',
    VALENCE_SCALING_DOWN_AFTER_MS: String(downAfterMs),
  }
}

const idOf = (value: string | null): string => JSON.parse(value ?? '{}').id

function wanted({ log }: ProcessorProcess): ScalingLine[] {
  return log
    .filter(({ msg }) => msg === 'changing the number of processors')
    .map(({ time, desiredReplicas }) => ({ at: Date.parse(String(time)), desired: Number(desiredReplicas) }))
}

function mostWanted(supervisor: ProcessorProcess): number {
  return Math.max(0, ...wanted(supervisor).map(({ desired }) => desired))
}

function timesOf({ log }: ProcessorProcess, message: string): number[] {
  return log.filter(({ msg }) => msg === message).map(({ time }) => Date.parse(String(time)))
}

/** What a supervisor that was killed left behind. */
function killBegun({ log }: ProcessorProcess): void {
  const ended = log.filter(({ msg }) => msg === 'processor ended').length
  const begun = log.filter(({ msg }) => msg === 'processor process started').map(({ pid }) => Number(pid))
  if (ended === begun.length) return
  for (const pid of begun) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
}
