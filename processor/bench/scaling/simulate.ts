import { calibration } from './calibration.ts'
import { SimulatedGroup } from './group.ts'
import { oracle, type PolicyFactory } from './policies.ts'
import { createRandom } from './random.ts'
import type { Scenario } from './scenario.ts'

export interface Outcome {
  readonly scenario: string
  readonly policy: string
  /** Seconds in which some text waited longer than the target. */
  readonly lateSeconds: number
  readonly worstDelaySeconds: number
  readonly replicaHours: number
  readonly rebalances: number
  /** Changes of the wanted count against the direction of the change before, within five minutes. */
  readonly reversals: number
  /** One sample a minute, for plots. */
  readonly samples: readonly { readonly minute: number; readonly replicas: number; readonly delaySeconds: number }[]
}

const reversalSeconds = 300

/** Runs one policy through one scenario. The same seed gives the same arrivals to every policy. */
export function simulate(scenario: Scenario, createPolicy: PolicyFactory, seed: number): Outcome {
  const policy = createPolicy(scenario)
  const isOracle = createPolicy === oracle
  const replicas = startingReplicas(scenario)
  const group = new SimulatedGroup(scenario, replicas, createRandom(seed), { isInstant: isOracle })
  const turns = new TurnCounter(replicas)
  const samples: { minute: number; replicas: number; delaySeconds: number }[] = []
  let lateSeconds = 0
  let worstDelaySeconds = 0
  while (group.second < scenario.seconds) {
    const loss = scenario.losses?.[group.second]
    if (loss !== undefined && !isOracle) group.lose(loss)
    policy.act(group)
    turns.see(group.ordered, group.second)
    group.step()
    const delaySeconds = group.worstDelay()
    worstDelaySeconds = Math.max(worstDelaySeconds, delaySeconds)
    if (delaySeconds > calibration.targetSeconds) lateSeconds += 1
    if (group.second % 60 === 0) samples.push({ minute: group.second / 60, replicas: group.ordered, delaySeconds })
  }
  return {
    scenario: scenario.name,
    policy: policy.name,
    lateSeconds,
    worstDelaySeconds,
    replicaHours: group.replicaSeconds / 3_600,
    rebalances: group.rebalances,
    reversals: turns.reversals,
    samples,
  }
}

/** All policies begin alike: with what the first minute needs. */
function startingReplicas({ arrivals, partitions, minReplicas }: Scenario): number {
  return Math.min(partitions, Math.max(minReplicas, Math.ceil((1.1 * arrivals(1)) / calibration.capacity)))
}

class TurnCounter {
  #count: number
  #lastChange: { second: number; sign: number } | undefined
  reversals = 0

  constructor(count: number) {
    this.#count = count
  }

  see(count: number, second: number): void {
    const sign = Math.sign(count - this.#count)
    if (sign === 0) return
    const last = this.#lastChange
    if (last !== undefined && last.sign !== sign && second - last.second < reversalSeconds) this.reversals += 1
    this.#lastChange = { second, sign }
    this.#count = count
  }
}
