import { calibration } from './calibration.ts'
import type { Random } from './random.ts'
import type { Scenario } from './scenario.ts'

interface Member {
  /** Second at which it joins the group. */
  readonly joinsAt: number
  /** Second at which the coordinator notices that it was killed; undefined while it lives. */
  gone?: number
}

function isAway({ outage: [from, to] = [0, 0] }: Scenario, second: number): boolean {
  return second >= from && second < to
}

/** Texts that had come to each partition by the end of each second; what waits at the start had come by second 0. */
function inventArrivals(scenario: Scenario, random: Random): Float64Array[] {
  const { partitions, seconds, backlog = 0, arrivals, share } = scenario
  const arrived = Array.from({ length: partitions }, () => new Float64Array(seconds + 1).fill(backlog / partitions))
  let heldBack = 0
  for (let second = 1; second <= seconds; second += 1) {
    const rate = arrivals(second)
    // As good as Poisson for rates above a few a second.
    heldBack += Math.max(0, rate + Math.sqrt(rate) * random.normal())
    // What producers held back during an outage comes within seconds after it.
    const texts = isAway(scenario, second) ? 0 : Math.min(heldBack, Math.max(3 * rate, heldBack / 5))
    heldBack -= texts
    for (const [partition, own] of arrived.entries()) {
      own[second] = (own[second - 1] as number) + texts * (share?.(partition, second) ?? 1 / partitions)
    }
  }
  return arrived
}

/**
 * A consumer group on a topic, second by second: queues of texts per partition, members that come and go, and the
 * standstill at each change. Work is a fluid; the age of a queue's head is exact to the second.
 */
export class SimulatedGroup {
  readonly #scenario: Scenario
  readonly #random: Random
  /** Texts that had come to each partition by the end of each second; the backlog is before the first. */
  readonly #arrived: Float64Array[]
  readonly #done: Float64Array
  readonly #heads: Int32Array
  #members: Member[]
  #joined = 0
  #movingUntil = 0
  second = 0
  rebalances = 0
  replicaSeconds = 0
  /** Share of the time that the members of the last second were at work. */
  busy = 0

  readonly #isInstant: boolean

  /** @param options.isInstant members start at once and join without a pause */
  constructor(scenario: Scenario, replicas: number, random: Random, options: { isInstant?: boolean } = {}) {
    this.#isInstant = options.isInstant ?? false
    const { partitions } = scenario
    this.#scenario = scenario
    this.#random = random
    this.#arrived = inventArrivals(scenario, random)
    this.#done = new Float64Array(partitions)
    this.#heads = new Int32Array(partitions)
    this.#members = Array.from({ length: replicas }, () => ({ joinsAt: 0 }))
    this.#joined = replicas
  }

  get isMoving(): boolean {
    return this.second < this.#movingUntil
  }

  get isBrokerAway(): boolean {
    return isAway(this.#scenario, this.second)
  }

  /** Members that read; partition p belongs to the p modulo this one. */
  get joined(): number {
    return this.#joined
  }

  /** What the deployment asks for and pays: those that start, too. */
  get ordered(): number {
    return this.#members.filter(({ gone }) => gone === undefined).length
  }

  get capacity(): number {
    return calibration.capacity * (this.#scenario.pace?.(this.second) ?? 1)
  }

  end(partition: number): number {
    return this.#arrived[partition]?.[this.second] ?? 0
  }

  done(partition: number): number {
    return this.#done[partition] ?? 0
  }

  /** Texts that come to a partition until the end of a second, which may lie ahead: for the oracle alone. */
  comeBy(partition: number, second: number): number {
    const arrived = this.#arrived[partition]
    return arrived?.[Math.min(Math.max(second, 0), arrived.length - 1)] ?? 0
  }

  /** Ages of the oldest text that waits, the worst partition's; in seconds. */
  worstDelay(): number {
    let worst = 0
    for (let partition = 0; partition < this.#arrived.length; partition += 1) {
      const arrived = this.#arrived[partition] as Float64Array
      const done = this.#done[partition] as number
      let head = this.#heads[partition] as number
      while (head <= this.second && (arrived[head] as number) <= done + 1e-6) head += 1
      this.#heads[partition] = head
      if (head <= this.second) worst = Math.max(worst, this.second - head)
    }
    return worst
  }

  /** Sets how many members there should be; new ones start, the newest are stopped first. */
  order(replicas: number): void {
    const { scheduleSeconds, startSeconds, startJitterSeconds } = calibration
    const alive = this.#members.filter(({ gone }) => gone === undefined)
    if (alive.length > replicas) {
      const stopped = new Set(alive.toSorted((a, b) => a.joinsAt - b.joinsAt).slice(replicas))
      this.#members = this.#members.filter((member) => !stopped.has(member))
    }
    for (let count = alive.length; count < replicas; count += 1) {
      const jitter = Math.floor(this.#random() * (startJitterSeconds + 1))
      const delay = this.#isInstant ? 0 : scheduleSeconds + startSeconds + jitter
      this.#members.push({ joinsAt: this.second + delay })
    }
  }

  /** Kills a share of the running members; the deployment starts others in their place. */
  lose(share: number): void {
    const alive = this.#members.filter(({ gone, joinsAt }) => gone === undefined && joinsAt <= this.second)
    const wanted = this.ordered
    for (const member of alive.slice(0, Math.ceil(alive.length * share))) {
      member.gone = this.second + calibration.sessionSeconds
    }
    this.order(wanted)
  }

  step(): void {
    this.second += 1
    this.#regroup()
    this.#work()
    this.replicaSeconds += this.ordered
  }

  #regroup(): void {
    this.#members = this.#members.filter(({ gone = Number.POSITIVE_INFINITY }) => gone > this.second)
    const joined = this.#members.filter(({ joinsAt }) => joinsAt <= this.second).length
    if (joined === this.#joined) return
    if (!this.isMoving) this.rebalances += 1
    this.#joined = joined
    if (!this.#isInstant) this.#movingUntil = this.second + calibration.rebalanceSeconds
  }

  #work(): void {
    this.busy = 0
    const members = this.#members.filter(({ joinsAt }) => joinsAt <= this.second)
    if (this.isMoving || this.isBrokerAway || members.length === 0) return
    for (const [index, member] of members.entries()) {
      if (member.gone === undefined) this.busy += this.#serve(index, members.length) / members.length
    }
  }

  /** One member works off its partitions, the shortest queue first, so that what it does not need goes to the others. */
  #serve(member: number, members: number): number {
    const { partitions } = this.#scenario
    const queues: { partition: number; waiting: number }[] = []
    for (let partition = member; partition < partitions; partition += members) {
      queues.push({ partition, waiting: this.end(partition) - this.done(partition) })
    }
    queues.sort((a, b) => a.waiting - b.waiting)
    let left = this.capacity
    for (const [index, { partition, waiting }] of queues.entries()) {
      const served = Math.min(waiting, left / (queues.length - index))
      this.#done[partition] = (this.#done[partition] as number) + served
      left -= served
    }
    return 1 - left / this.capacity
  }
}
