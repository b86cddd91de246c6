import { effectiveReplicas, leastStep, snapReplicas, usefulCounts } from './replica-counts.ts'
import { demandFor, type HotPartition, type PartitionLoad } from './replica-demand.ts'

/** What is promised, and what it may cost. */
export interface ScalingLimits {
  /** A text is to be scored within this long after it came. */
  readonly targetSeconds: number
  readonly minReplicas: number
  readonly maxReplicas: number
  /** From asking for a replica until it scores. */
  readonly startSeconds: number
  /** The group stands still for about this long when a member comes or goes. */
  readonly rebalanceSeconds: number
  /** A lower count must have been enough for this long; also the least time between a change and its reversal. */
  readonly downAfterSeconds: number
}

/** What was seen at one moment. */
export interface ScalingObservation {
  readonly atSeconds: number
  readonly loads: readonly PartitionLoad[]
  /** Members of the group; 0 where nobody reads. */
  readonly replicas: number
  /** Texts per second of one replica. */
  readonly capacity: number
  /** Why nothing that was seen can be trusted; the last count stands. */
  readonly frozen?: 'rebalance' | 'unreachable' | undefined
}

export type ScalingReason = 'steady' | 'up' | 'down' | 'waiting-to-go-down' | 'rebalance' | 'unreachable'

interface EnoughCount {
  readonly atSeconds: number
  /** For arrivals and lag. */
  readonly replicas: number
  /** For arrivals alone. */
  readonly steady: number
}

/** What the policy remembers from one look to the next. */
export interface ScalingState {
  readonly desired: number
  readonly changedAtSeconds: number
  /** Counts that would have been enough, newest last, over the time a lower one must hold. */
  readonly enough: readonly EnoughCount[]
}

export interface ScalingDecision {
  readonly state: ScalingState
  readonly desired: number
  readonly reason: ScalingReason
  /** Replicas the load asks for, before limits and snapping. */
  readonly demand: number
  readonly hot: readonly HotPartition[]
}

/** A replica is only given up where the rest would be busy for no more than this share of the time. */
const utilisationAfterDown = 0.95
/** Where the oldest text is far from late, the lag may take this many times the target to go: delays shrink anyhow. */
const easyDrain = 2
/** Far from late is up to this share of the target, and from the second one on there is no time to lose. */
const easyAge = 0.5
const urgentAge = 0.8
/** A lag that is gone does not come back as a load does that varies: what it asked for is forgotten after this long. */
const lagMemorySeconds = 60
/** A lag of this many rebalances is what a change of the group leaves behind; it is no reason for another change. */
const excusedRebalances = 2

export function initialScaling(replicas: number, atSeconds: number): ScalingState {
  return { desired: replicas, changedAtSeconds: atSeconds, enough: [] }
}

/** Up at once, down slowly, and not at all while the group moves or the broker is away. Pure. */
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
 * The time in which a lag is to be gone. What came steadily has waited for lag / arrivals; once more is done than comes,
 * that wait shrinks, so there is no hurry until it nears the target. What came at once looks like a long wait.
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

/** The work of the next count that the autoscaler of Kubernetes does not take for the present one. */
function beyondTolerance(replicas: number, partitions: number): number {
  const next = usefulCounts(partitions).find((count) => count > replicas * leastStep)
  return replicas === 0 || next === undefined ? 0 : effectiveReplicas(next, partitions)
}

/** A change is paid for: nobody scores while the group rebalances, and until then only those who are there do. */
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
