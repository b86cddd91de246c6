import type { LagSnapshot, PartitionLag } from '../kafka/group-lag.ts'
import type { TopicPartition } from '../kafka/topic-partition.ts'
import { type Flow, type PartitionFlow, reportLag } from '../monitoring/drain-time.ts'
import { type Capacity, learnCapacity } from './replica-capacity.ts'
import type { HotPartition } from './replica-demand.ts'
import {
  decideReplicas,
  initialScaling,
  type ScalingDecision,
  type ScalingLimits,
  type ScalingReason,
  type ScalingState,
} from './scaling-policy.ts'

export interface ScalerOptions extends Omit<ScalingLimits, 'maxReplicas'> {
  /** Undefined: one replica per partition. */
  readonly maxReplicas?: number | undefined
  /** Texts per second of one replica until it has been measured. */
  readonly capacity: number
}

export interface ScalingReport {
  readonly groupId: string
  /** State of the group at the last answer of the broker. */
  readonly state: string
  /** Time of the last answer of the broker, epoch milliseconds. */
  readonly at: number
  readonly desiredReplicas: number
  readonly reason: ScalingReason
  readonly replicas: number
  /** Texts per second of one replica. */
  readonly capacity: number
  /** Replicas that the load needs, before limits and rounding to useful counts. */
  readonly demand: number
  readonly total: Flow & { readonly lag: number }
  readonly partitions: readonly PartitionFlow[]
  /** Partitions without a leader; their load is unknown and counts as 0. */
  readonly leaderless: readonly TopicPartition[]
  readonly hot: readonly HotPartition[]
  /** Partitions without a committed offset. */
  readonly uncommitted: number
}

/** Rates are computed over this time; a single interval is too noisy. */
const windowMs = 15_000
/**
 * A constant lag of at most this many offsets, on a partition that is being read, is assumed to be transaction markers:
 * each transaction writes one per partition, and a consumer commits the offset after its last record. Chosen, not
 * measured.
 */
const maxMarkers = 16n
const restingMs = 10_000

/** Computes the number of replicas from snapshots of a group. Keeps only the last few snapshots. */
export class Scaler {
  readonly #options: ScalerOptions
  #snapshots: LagSnapshot[] = []
  #capacity: Capacity
  #state: ScalingState | undefined
  #report: ScalingReport | undefined

  constructor(options: ScalerOptions) {
    this.#options = options
    this.#capacity = { known: options.capacity, usual: options.capacity }
  }

  /** The last decision; undefined until the broker has answered once. */
  get report(): ScalingReport | undefined {
    return this.#report
  }

  observe(snapshot: LagSnapshot): ScalingReport {
    const isRebalancing = /Rebalance$/.test(snapshot.state)
    const last = this.#snapshots.at(-1)
    // Rates across a gap or a change of owners do not describe the current members.
    if (last !== undefined && snapshot.at - last.at > 2 * windowMs) this.#snapshots = []
    this.#snapshots.push(snapshot)
    while ((this.#snapshots[1]?.at ?? snapshot.at) <= snapshot.at - windowMs) this.#snapshots.shift()
    const before = this.#snapshots[0] ?? snapshot
    const { partitions, total } = reportLag(before, snapshot)
    if (!isRebalancing && this.#isSettled()) {
      const elapsedSeconds = last === undefined ? 0 : (snapshot.at - last.at) / 1_000
      this.#capacity = learnCapacity(this.#capacity, partitions, elapsedSeconds)
    }
    const loads = partitions.map((now) => {
      const { topic, partition, arrivalsPerSecond, lag } = now
      const earlier = before.partitions.find((own) => own.topic === topic && own.partition === partition)
      const resting = isResting(earlier, now, snapshot.at - before.at)
      return { topic, partition, arrivalsPerSecond, lag: resting ? 0 : Number(lag) }
    })
    // Still counted as a partition that a replica can own, so that the useful counts do not change.
    const unknown = snapshot.leaderless.map((own) => ({ ...own, arrivalsPerSecond: 0, lag: 0 }))
    const decision = this.#decide({
      atSeconds: snapshot.at / 1_000,
      loads: [...loads, ...unknown],
      replicas: snapshot.members,
      capacity: this.#capacity.known,
      ...(isRebalancing ? { frozen: 'rebalance' } : {}),
    })
    this.#report = {
      ...this.#describe(decision),
      groupId: snapshot.groupId,
      state: snapshot.state,
      at: snapshot.at,
      replicas: snapshot.members,
      total: { ...total, lag: Number(total.lag) },
      partitions,
      leaderless: snapshot.leaderless,
      uncommitted: snapshot.partitions.filter(({ committed }) => committed === null).length,
    }
    return this.#report
  }

  /** The broker did not answer: the last count is kept. */
  unreachable(): ScalingReport | undefined {
    if (this.#report !== undefined) this.#report = { ...this.#report, reason: 'unreachable' }
    return this.#report
  }

  #decide(observation: Parameters<typeof decideReplicas>[1]): ScalingDecision {
    const { minReplicas, maxReplicas = Math.max(observation.loads.length, minReplicas) } = this.#options
    const limits = { ...this.#options, maxReplicas }
    // The first decision starts from the current number of members.
    this.#state ??= initialScaling(
      Math.min(maxReplicas, Math.max(minReplicas, observation.replicas)),
      observation.atSeconds,
    )
    const decision = decideReplicas(this.#state, observation, limits)
    this.#state = decision.state
    return decision
  }

  #describe({ desired, reason, demand, hot }: ScalingDecision) {
    return { desiredReplicas: desired, reason, demand, hot, capacity: this.#capacity.known }
  }

  #isSettled(): boolean {
    const [first, ...later] = this.#snapshots
    if (first === undefined || later.length === 0) return false
    const owners = (snapshot: LagSnapshot) => snapshot.partitions.map(({ owner }) => owner).join('\n')
    return later.every((snapshot) => snapshot.state === first.state && owners(snapshot) === owners(first))
  }
}

function isResting(before: PartitionLag | undefined, now: PartitionLag | undefined, forMs: number): boolean {
  if (before === undefined || now === undefined || now.owner === null || forMs < restingMs) return false
  return now.lag <= maxMarkers && before.end === now.end && before.committed === now.committed
}
