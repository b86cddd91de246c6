import { effectiveReplicas, leastStep, snapReplicas, usefulCounts } from './replica-counts.ts'
import { demandFor, type HotPartition, type PartitionLoad } from './replica-demand.ts'

/** Target and limits of the policy. */
export interface ScalingLimits {
  /** Target time from the arrival of a text to its score. */
  readonly targetSeconds: number
  readonly minReplicas: number
  readonly maxReplicas: number
  /** Time from requesting a replica until it scores. */
  readonly startSeconds: number
  /** Approximate pause of the group when a member joins or leaves. */
  readonly rebalanceSeconds: number
  /** A lower count must have been sufficient for this long; also the minimum time between a change and its reversal. */
  readonly downAfterSeconds: number
}

/** One observation of the group. */
export interface ScalingObservation {
  readonly atSeconds: number
  readonly loads: readonly PartitionLoad[]
  /** Members of the group; 0 if it has none. */
  readonly replicas: number
  /** Texts per second of one replica. */
  readonly capacity: number
  /** Why the observation cannot be used; the last count is kept. */
  readonly frozen?: 'rebalance' | 'unreachable' | undefined
}

export type ScalingReason = 'steady' | 'up' | 'down' | 'waiting-to-go-down' | 'rebalance' | 'unreachable'

interface EnoughCount {
  readonly atSeconds: number
  /** Replicas needed for arrivals and lag. */
  readonly replicas: number
  /** Replicas needed for arrivals alone. */
  readonly steady: number
}

/** State of the policy between two observations. */
export interface ScalingState {
  readonly desired: number
  readonly changedAtSeconds: number
  /** Sufficient counts, newest last, over the time that a lower count must hold. */
  readonly enough: readonly EnoughCount[]
}

export interface ScalingDecision {
  readonly state: ScalingState
  readonly desired: number
  readonly reason: ScalingReason
  /** Replicas that the load needs, before limits and rounding to useful counts. */
  readonly demand: number
  readonly hot: readonly HotPartition[]
}

/** A replica is removed only if the utilisation of the others stays at or below this share. */
const utilisationAfterDown = 0.95
/**
 * While the oldest text is far from the target, the lag may drain in this many times the target: delays shrink anyway.
 */
const easyDrain = 2
/** Shares of the target: up to the first the lag may drain slowly, from the second it must drain at full speed. */
const easyAge = 0.5
const urgentAge = 0.8
/** Demand caused by a drained lag is dropped after this long: unlike load, a lag does not recur. */
const lagMemorySeconds = 60
/** A lag of up to this many rebalance pauses is caused by a membership change and must not cause another one. */
const excusedRebalances = 2

export function initialScaling(replicas: number, atSeconds: number): ScalingState {
  return { desired: replicas, changedAtSeconds: atSeconds, enough: [] }
}

/** Scales up at once and down slowly; keeps the count while the group rebalances or the broker is unreachable. Pure. */
export function decideReplicas(
  state: ScalingState,
  observation: ScalingObservation,
  limits: ScalingLimits,
): ScalingDecision {
  if (observation.frozen !== undefined) {
    return { state, desired: state.desired, reason: observation.frozen, demand: state.desired, hot: [] }
  }
  const { capacity, atSeconds } = observation
  const loads = excuse(observation.loads, limits)
  const snap = (needed: number) => snapReplicas(needed, loads.length, limits.minReplicas, limits.maxReplicas)
  const drainSeconds = drainTime(limits)
  const { replicas: demand, hot } = demandFor(loads, capacity, drainSeconds)
  if (!isEnough(state.desired, demand, loads.length) && snap(demand) > state.desired) {
    const needed = demandFor(afterChange(observation, limits), capacity, drainSeconds).replicas
    const desired = Math.max(snap(needed), snap(beyondTolerance(observation.replicas, loads.length)))
    const moved = { desired, changedAtSeconds: atSeconds, enough: [] }
    return { state: moved, desired, reason: 'up', demand, hot }
  }
  const enoughFor = (own: readonly PartitionLoad[]) =>
    Math.min(snap(demandFor(own, capacity, drainSeconds, utilisationAfterDown).replicas), state.desired)
  const steady = enoughFor(loads.map((load) => ({ ...load, lag: 0 })))
  return { ...goDown(state, { atSeconds, replicas: enoughFor(loads), steady }, limits), demand, hot }
}

/**
 * The allowed time to drain a lag. The oldest text of a steady lag has waited for lag / arrivals. As soon as the
 * service rate exceeds the arrival rate, that wait shrinks, so draining is urgent only near the target. A backlog that
 * arrived at once appears as a long wait.
 */
function drainTime(limits: ScalingLimits): (load: PartitionLoad) => number {
  const { targetSeconds, startSeconds, rebalanceSeconds } = limits
  const easy = targetSeconds * easyDrain
  const urgent = Math.max(targetSeconds - startSeconds - rebalanceSeconds, targetSeconds / 4) / 2
  return ({ lag, arrivalsPerSecond }) => {
    const age = arrivalsPerSecond > 0 ? lag / arrivalsPerSecond / targetSeconds : Number.POSITIVE_INFINITY
    const hurry = Math.min(1, Math.max(0, (age - easyAge) / (urgentAge - easyAge)))
    return easy + hurry * (urgent - easy)
  }
}

function excuse(loads: readonly PartitionLoad[], { rebalanceSeconds }: ScalingLimits): PartitionLoad[] {
  return loads.map((load) => {
    const excused = load.arrivalsPerSecond * rebalanceSeconds * excusedRebalances
    return { ...load, lag: Math.max(0, load.lag - excused) }
  })
}

function isEnough(replicas: number, demand: number, partitions: number): boolean {
  return effectiveReplicas(Math.min(replicas, partitions), partitions) >= demand
}

/** The work of the next count that the Kubernetes autoscaler does not treat as equal to the current one. */
function beyondTolerance(replicas: number, partitions: number): number {
  const next = usefulCounts(partitions).find((count) => count > replicas * leastStep)
  return replicas === 0 || next === undefined ? 0 : effectiveReplicas(next, partitions)
}

/** Includes the cost of a change: only the current members score until it, and none during the rebalance. */
function afterChange(observation: ScalingObservation, limits: ScalingLimits): PartitionLoad[] {
  const { loads, capacity, replicas } = observation
  const share = loads.length === 0 ? 0 : (effectiveReplicas(replicas, loads.length) * capacity) / loads.length
  return loads.map((load) => {
    const grown = Math.max(0, load.arrivalsPerSecond - share) * limits.startSeconds
    return { ...load, lag: load.lag + grown + load.arrivalsPerSecond * limits.rebalanceSeconds }
  })
}

function goDown(
  state: ScalingState,
  now: EnoughCount,
  { downAfterSeconds }: ScalingLimits,
): Pick<ScalingDecision, 'state' | 'desired' | 'reason'> {
  const { atSeconds, replicas } = now
  const since = atSeconds - downAfterSeconds
  const enough = [...state.enough.filter((own) => own.atSeconds >= since), now]
  const lagSince = atSeconds - Math.min(lagMemorySeconds, downAfterSeconds)
  const highestDemand = Math.max(...enough.map((own) => (own.atSeconds >= lagSince ? own.replicas : own.steady)))
  const isLongEnough = state.changedAtSeconds <= since
  if (highestDemand < state.desired && isLongEnough) {
    return {
      state: { desired: highestDemand, changedAtSeconds: atSeconds, enough },
      desired: highestDemand,
      reason: 'down',
    }
  }
  const reason = replicas < state.desired ? 'waiting-to-go-down' : 'steady'
  return { state: { ...state, enough }, desired: state.desired, reason }
}
