import { isValenceError, type ValenceError } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { redact } from '../config/redaction.ts'
import type { LagSnapshot } from '../kafka/group-lag.ts'
import { type LagReport, reportLag } from './drain-time.ts'
import { Interval } from './interval.ts'
import type { MetricSamples } from './metric-samples.ts'
import { type ProcessReport, reportAll, reportProcess } from './process-report.ts'
import { SampledSource } from './sampled-source.ts'
import { GroupSource, readMetrics } from './top-sources.ts'

/** The group as the brokers report it. While they are unreachable, the last values are kept and `error` is set. */
export interface GroupView {
  readonly groupId: string
  readonly members: number
  readonly lag: LagReport | undefined
  readonly error: ValenceError | undefined
}

/** One process as its admin port reports it. */
export interface ProcessView {
  readonly admin: string
  readonly report: ProcessReport | undefined
  readonly error: string | undefined
}

export interface TopReport {
  /** Epoch milliseconds. */
  readonly at: number
  readonly group: GroupView
  readonly processes: readonly ProcessView[]
  /** Totals over the processes that answer; undefined if none does. */
  readonly total: ReturnType<typeof reportAll>
}

interface ProcessSource {
  readonly admin: URL
  readonly source: SampledSource<MetricSamples>
}

/** Samples a group and its processes independently: a source that fails does not affect the others. */
export class TopWatch {
  readonly #groupId: string
  readonly #reader: GroupSource
  readonly #group: SampledSource<LagSnapshot>
  readonly #processes: readonly ProcessSource[]

  constructor(config: Config, groupId: string, admins: readonly URL[]) {
    this.#groupId = groupId
    this.#reader = new GroupSource(config, groupId)
    this.#group = new SampledSource(() => this.#reader.read())
    this.#processes = admins.map((admin) => ({ admin, source: new SampledSource(() => readMetrics(admin)) }))
  }

  /** Reads all sources in parallel, and waits at most `patienceMs` for slow ones. */
  async look(patienceMs: number, signal: AbortSignal): Promise<void> {
    const sources = [this.#group, ...this.#processes.map(({ source }) => source)]
    await Promise.all(sources.map((source) => source.look(patienceMs, signal)))
  }

  /** Report from the samples so far. @throws errors of a group read that are no ValenceError, which are defects */
  report(): TopReport {
    const intervals = this.#processes.flatMap(({ source }) => intervalOf(source) ?? [])
    return {
      at: Date.now(),
      group: this.#viewGroup(),
      processes: this.#processes.map(viewProcess),
      total: reportAll(intervals),
    }
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  #viewGroup(): GroupView {
    const { error, pair, latest } = this.#group
    if (error !== undefined && !isValenceError(error)) throw error
    return {
      groupId: this.#groupId,
      members: latest?.value.members ?? 0,
      lag: pair && reportLag(pair[0].value, pair[1].value),
      error,
    }
  }
}

/** Undefined for a process that has stopped answering, because its last rates no longer apply. */
function intervalOf({ currentPair }: SampledSource<MetricSamples>): Interval | undefined {
  if (currentPair === undefined) return undefined
  const [before, now] = currentPair
  return new Interval(before.value, now.value, (now.at - before.at) / 1_000)
}

function viewProcess({ admin, source }: ProcessSource): ProcessView {
  const interval = intervalOf(source)
  return {
    admin: admin.host,
    report: interval && reportProcess(interval),
    error: source.error instanceof Error ? redact(source.error.message) : undefined,
  }
}
