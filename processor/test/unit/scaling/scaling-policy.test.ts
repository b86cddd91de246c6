import { describe, expect, it } from 'vitest'
import {
  decideReplicas,
  initialScaling,
  type ScalingLimits,
  type ScalingObservation,
} from '../../../src/scaling/scaling-policy.ts'

const limits: ScalingLimits = {
  targetSeconds: 60,
  minReplicas: 1,
  maxReplicas: 12,
  startSeconds: 20,
  rebalanceSeconds: 4,
  downAfterSeconds: 300,
}

/** `work` in replicas' worth of arrivals, spread over twelve partitions. */
function seen(atSeconds: number, work: number, more: Partial<ScalingObservation> & { lag?: number } = {}) {
  const { lag = 0, ...rest } = more
  const loads = Array.from({ length: 12 }, (_, partition) => ({
    topic: 't',
    partition,
    arrivalsPerSecond: (work * 100) / 12,
    lag: lag / 12,
  }))
  return { atSeconds, loads, replicas: 4, capacity: 100, ...rest }
}

describe('decideReplicas', () => {
  it('keeps what is enough', () => {
    expect(decideReplicas(initialScaling(4, 0), seen(10, 3.9), limits)).toMatchObject({ desired: 4, reason: 'steady' })
  })

  it('goes up at once, to a count that shares the partitions evenly', () => {
    expect(decideReplicas(initialScaling(4, 0), seen(10, 4.5), limits)).toMatchObject({ desired: 6, reason: 'up' })
  })

  it('goes as far as needed in one step', () => {
    expect(decideReplicas(initialScaling(1, 0), seen(10, 11, { replicas: 1 }), limits).desired).toBe(12)
  })

  it('steps over counts that the autoscaler would take for the present one', () => {
    const loads = Array.from({ length: 512 }, (_, partition) => ({
      topic: 't',
      partition,
      arrivalsPerSecond: (153.6 * 100) / 512,
      lag: 0,
    }))
    const at169 = { atSeconds: 10, loads, replicas: 169, capacity: 100 }
    const many = { ...limits, maxReplicas: 512 }
    // 171 would do, and a tenth more than 169 is 186.
    expect(decideReplicas(initialScaling(169, 0), at169, many).desired).toBe(256)
    expect(decideReplicas(initialScaling(128, 0), { ...at169, replicas: 128 }, many).desired).toBe(171)
  })

  it('is bound by its limits', () => {
    const few = { ...limits, maxReplicas: 5 }
    expect(decideReplicas(initialScaling(4, 0), seen(10, 11), few).desired).toBe(5)
    expect(decideReplicas(initialScaling(4, 0), seen(400, 0), { ...limits, minReplicas: 3 }).desired).toBe(3)
    expect(decideReplicas(initialScaling(5, 0), seen(10, 11), few)).toMatchObject({ desired: 5, reason: 'steady' })
  })

  it('keeps a count that does the work, although it is none that it would choose', () => {
    const loads = Array.from({ length: 512 }, (_, partition) => ({
      topic: 't',
      partition,
      arrivalsPerSecond: (51 * 100) / 512,
      lag: 0,
    }))
    // 52 replicas do the work of 51.2: ten partitions for the busiest. The counts to choose from are 47 and 57.
    const at52 = { atSeconds: 10, loads, replicas: 52, capacity: 100 }
    expect(decideReplicas(initialScaling(52, 0), at52, { ...limits, maxReplicas: 512 })).toMatchObject({
      desired: 52,
      reason: 'steady',
    })
  })

  it('takes exactly a tenth more for what the autoscaler would ignore', () => {
    const loads = Array.from({ length: 33 }, (_, partition) => ({
      topic: 't',
      partition,
      arrivalsPerSecond: (14 * 100) / 33,
      lag: 0,
    }))
    // 33 is a tenth more than the 30 that are there; 17 do the work.
    const at30 = { atSeconds: 10, loads, replicas: 30, capacity: 100 }
    expect(decideReplicas(initialScaling(16, 0), at30, { ...limits, maxReplicas: 33 }).desired).toBe(17)
  })

  it('asks for what is needed where more are there than it asked for', () => {
    expect(decideReplicas(initialScaling(4, 0), seen(10, 4.5, { replicas: 12 }), limits).desired).toBe(6)
  })

  it('drains a backlog that came at once in time', () => {
    // 20,000 texts at 100 a second each: 12 replicas need 17 s, 6 would need 34.
    expect(decideReplicas(initialScaling(1, 0), seen(10, 0.1, { lag: 20_000, replicas: 1 }), limits).desired).toBe(12)
  })

  it.each([
    ['half of what the target leaves after a start and a rebalance', 60, 18],
    ['an eighth of the target where those take longer', 20, 2.5],
  ])('drains what came at once in %s', (_, targetSeconds, drainSeconds) => {
    const lag = 9 * 100 * drainSeconds
    const decision = decideReplicas(initialScaling(12, 0), seen(10, 0, { lag }), { ...limits, targetSeconds })
    expect(decision.demand).toBeCloseTo(9)
  })

  it.each([
    // 50 texts a second come to each partition. Two rebalances excuse 400 of its lag.
    ['two targets while the oldest text has waited for half a target', 400 + 0.5 * 3_000, 120],
    ['less, in proportion, once it has waited longer', 400 + 0.65 * 3_000, 69],
    ['the shortest time from four fifths of the target on', 400 + 0.8 * 3_000, 18],
    ['no less than that', 400 + 0.9 * 3_000, 18],
  ])('drains a lag of a steady load in %s', (_, lag, drainSeconds) => {
    const decision = decideReplicas(initialScaling(12, 0), seen(10, 6, { lag: 12 * lag }), limits)
    expect(decision.demand).toBeCloseTo((12 * Math.min(100, 50 + (lag - 400) / drainSeconds)) / 100)
  })

  it('leaves alone what a rebalance left behind', () => {
    // At 3.8 replicas' worth of arrivals four seconds of standstill are 1,520 texts.
    expect(decideReplicas(initialScaling(4, 0), seen(10, 3.8, { lag: 1_520 }), limits).reason).toBe('steady')
  })

  it('pays for the standstill of a change when it goes up', () => {
    const free = { ...limits, rebalanceSeconds: 0, startSeconds: 0 }
    const observation = seen(10, 5.9, { replicas: 1 })
    expect(decideReplicas(initialScaling(4, 0), observation, free).desired).toBe(6)
    expect(decideReplicas(initialScaling(4, 0), observation, limits).desired).toBe(12)
    const atOnce = { ...limits, startSeconds: 0 }
    expect(decideReplicas(initialScaling(4, 0), seen(10, 5.85), atOnce).desired).toBe(12)
  })

  it('pays for what comes and is not scored while the new ones start', () => {
    expect(decideReplicas(initialScaling(4, 0), seen(10, 5.7, { replicas: 1 }), limits).desired).toBe(12)
    const atOnce = { ...limits, startSeconds: 0 }
    expect(decideReplicas(initialScaling(4, 0), seen(10, 5.7, { replicas: 1 }), atOnce).desired).toBe(6)
  })

  it('goes down only when fewer were enough for the whole time', () => {
    let state = initialScaling(12, 0)
    const wanted: number[] = []
    const reasons: string[] = []
    for (let at = 5; at <= 700; at += 5) {
      const decision = decideReplicas(state, seen(at, at === 200 ? 7 : 1.5), limits)
      state = decision.state
      reasons.push(decision.reason)
      wanted.push(decision.desired)
    }
    const at = (second: number) => wanted[second / 5 - 1]
    expect(at(295)).toBe(12)
    // The 7 of second 200 still counts at second 500, and not after it.
    expect(at(500)).toBe(12)
    expect(at(505)).toBe(2)
    expect(reasons.filter((reason) => reason === 'down')).toHaveLength(1)
    expect(reasons[505 / 5 - 1]).toBe('down')
    expect(new Set(wanted)).toEqual(new Set([12, 2]))
  })

  it.each([
    ['long before it may go down', 200, 300],
    ['just before it may go down', 280, 345],
  ])('forgets a backlog a minute after it was gone: %s', (_, goneAt, downAt) => {
    let state = initialScaling(12, 0)
    const wanted = new Map<number, number>()
    for (let at = 5; at <= 400; at += 5) {
      const decision = decideReplicas(state, seen(at, 1.5, { lag: at <= goneAt ? 100_000 : 0 }), limits)
      state = decision.state
      wanted.set(at, decision.desired)
    }
    expect(wanted.get(downAt - 5)).toBe(12)
    expect(wanted.get(downAt)).toBe(2)
  })

  it('leaves some room when it goes down', () => {
    let state = initialScaling(12, 0)
    for (let at = 5; at <= 305; at += 5) state = decideReplicas(state, seen(at, 3.9), limits).state
    expect(state.desired).toBe(6)
  })

  it.each(['rebalance', 'unreachable'] as const)('is frozen: %s', (frozen) => {
    const decision = decideReplicas(initialScaling(4, 0), seen(1_000, 12, { frozen }), limits)
    expect(decision).toEqual({ state: initialScaling(4, 0), desired: 4, reason: frozen, demand: 4, hot: [] })
  })

  it('explains a hot partition and does not scale for it', () => {
    const observation = seen(10, 1.2)
    const loads = observation.loads.map((load) => (load.partition === 3 ? { ...load, arrivalsPerSecond: 900 } : load))
    const decision = decideReplicas(initialScaling(3, 0), { ...observation, loads, replicas: 3 }, limits)
    expect(decision.desired).toBe(3)
    expect(decision.hot).toEqual([{ topic: 't', partition: 3, replicas: 9 }])
  })

  it('asks for one when texts wait and nobody reads', () => {
    const none = { ...limits, minReplicas: 0 }
    expect(decideReplicas(initialScaling(0, 0), seen(10, 0, { lag: 5, replicas: 0 }), none).desired).toBe(1)
  })

  it('does not change its state', () => {
    const state = Object.freeze(initialScaling(4, 0))
    decideReplicas(state, seen(10, 12), limits)
    expect(state).toEqual({ desired: 4, changedAtSeconds: 0, enough: [] })
  })
})
