import type { LagSnapshot } from '../../src/kafka/group-lag.ts'
import { snapReplicas } from '../../src/scaling/replica-counts.ts'
import { Scaler } from '../../src/scaling/scaler.ts'
import { calibration } from './calibration.ts'
import type { SimulatedGroup } from './group.ts'
import type { Scenario } from './scenario.ts'

/** Decides how many replicas there should be; asked every second, orders what it wants. */
export interface Policy {
  readonly name: string
  act(group: SimulatedGroup): void
}

export type PolicyFactory = (scenario: Scenario) => Policy

const { syncSeconds, capacity, inFlightSeconds, targetSeconds } = calibration
/** Below this the autoscaler of Kubernetes leaves things as they are. */
const tolerance = 0.1
/** Its default: a lower count must have been enough for this long. */
const downAfterSeconds = 300
const lagIntervalSeconds = 5

/** What the autoscaler of Kubernetes does with a metric by default; `wanted` is before its rules. */
function createAutoscaler(min: number, max: number) {
  let recommendations: { at: number; count: number }[] = []
  return (group: SimulatedGroup, wanted: number) => {
    const current = group.ordered
    const within = Math.abs(wanted / Math.max(current, 1) - 1) <= tolerance
    const count = Math.min(max, Math.max(min, within ? current : Math.ceil(wanted)))
    recommendations = [...recommendations.filter(({ at }) => at > group.second - downAfterSeconds)]
    recommendations.push({ at: group.second, count })
    const fastest = Math.max(2 * current, current + 4)
    if (count > current) group.order(Math.min(count, fastest))
    else group.order(Math.min(current, Math.max(...recommendations.map((own) => own.count))))
  }
}

const isSync = (group: SimulatedGroup) => group.second % syncSeconds === 0

function lagOf(group: SimulatedGroup, partition: number, scenario: Scenario): number {
  const waiting = group.end(partition) - group.done(partition)
  const share = scenario.share?.(partition, group.second) ?? 1 / scenario.partitions
  return waiting + scenario.arrivals(group.second) * share * inFlightSeconds
}

function snapshotOf(group: SimulatedGroup, scenario: Scenario): LagSnapshot {
  const joined = group.joined
  return {
    groupId: 'simulated',
    state: group.isMoving ? 'PreparingRebalance' : joined === 0 ? 'Empty' : 'Stable',
    at: group.second * 1_000,
    members: joined,
    leaderless: [],
    partitions: Array.from({ length: scenario.partitions }, (_, partition) => {
      const end = BigInt(Math.round(group.end(partition)))
      const lag = BigInt(Math.round(lagOf(group, partition, scenario)))
      const owner = joined === 0 ? null : `member-${partition % joined}`
      return { topic: 'texts', partition, end, lag, committed: lag > end ? 0n : end - lag, owner }
    }),
  }
}

export const limits = {
  targetSeconds,
  startSeconds: calibration.scheduleSeconds + calibration.startSeconds + calibration.startJitterSeconds,
  rebalanceSeconds: calibration.rebalanceSeconds,
  downAfterSeconds,
}

/** Ours: the code of the lag service, asked by the autoscaler without rules of its own. */
export const ours: PolicyFactory = (scenario) => {
  const scaler = new Scaler({ ...limits, minReplicas: scenario.minReplicas, capacity })
  return {
    name: 'valence',
    act(group) {
      if (group.second % lagIntervalSeconds === 0) {
        if (group.isBrokerAway) scaler.unreachable()
        else scaler.observe(snapshotOf(group, scenario))
      }
      const wanted = scaler.report?.desiredReplicas
      if (wanted === undefined || !isSync(group)) return
      if (Math.abs(wanted / Math.max(group.ordered, 1) - 1) > tolerance) group.order(wanted)
    },
  }
}

/** KEDA's kafka trigger: a replica for each `lagThreshold` texts of lag, at most one for each partition. */
function kedaKafka(name: string, lagThreshold: number): PolicyFactory {
  return (scenario) => {
    const autoscale = createAutoscaler(scenario.minReplicas, scenario.partitions)
    return {
      name,
      act(group) {
        // While the broker cannot be asked there is no metric, and the autoscaler does nothing.
        if (!isSync(group) || group.isBrokerAway) return
        let lag = 0
        for (let partition = 0; partition < scenario.partitions; partition += 1)
          lag += lagOf(group, partition, scenario)
        autoscale(group, Math.min(lag / lagThreshold, scenario.partitions))
      },
    }
  }
}

export const kedaDefault = kedaKafka('KEDA, lagThreshold 10', 10)

/** As one would set it for the same target: a replica for what it does in half of it. */
export const kedaSized = kedaKafka('KEDA, sized for the target', (capacity * targetSeconds) / 2)

export const cpuOnly: PolicyFactory = (scenario) => {
  const autoscale = createAutoscaler(scenario.minReplicas, scenario.partitions)
  const busy: number[] = []
  return {
    name: 'CPU 70 %',
    act(group) {
      busy.push(group.busy)
      if (!isSync(group) || group.joined === 0) return
      const mean = busy.splice(0).reduce((sum, own) => sum + own, 0) / syncSeconds
      autoscale(group, (group.joined * mean) / 0.7)
    },
  }
}

/** How far the oracle looks ahead, and how finely. */
const horizonSeconds = 1_800
const grainSeconds = 15

/**
 * Knows what will come, and gets replicas that start at once and join without a pause. Works at the least steady pace at
 * which every text that is there or will come is in time, which is near the cheapest, though not always it.
 */
export const oracle: PolicyFactory = (scenario) => {
  const inTime = targetSeconds * 0.9
  const paceFor = (group: SimulatedGroup, partition: number) => {
    const done = group.done(partition)
    let pace = 0
    for (let ahead = grainSeconds; ahead <= horizonSeconds; ahead += grainSeconds) {
      const due = group.comeBy(partition, group.second + ahead - inTime) - done
      pace = Math.max(pace, due / ahead)
    }
    return pace
  }
  return {
    name: 'oracle',
    act(group) {
      if (!isSync(group)) return
      let needed = 0
      for (let partition = 0; partition < scenario.partitions; partition += 1) {
        needed += Math.min(1, paceFor(group, partition) / group.capacity)
      }
      group.order(snapReplicas(needed, scenario.partitions, scenario.minReplicas, scenario.partitions))
    },
  }
}
