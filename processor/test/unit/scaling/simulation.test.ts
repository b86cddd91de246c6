import { describe, expect, it } from 'vitest'
import { kedaDefault, oracle, ours } from '../../../bench/scaling/policies.ts'
import { scenarios } from '../../../bench/scaling/scenario.ts'
import { simulate } from '../../../bench/scaling/simulate.ts'

/** The short ones on twelve partitions in which every text can be in time; all of them: docs/scale.md. */
const feasible = /^(flat|burst ×10|ramp|slow model|spot loss), 12$/

describe.each(scenarios.filter(({ name }) => feasible.test(name)))('$name', (scenario) => {
  it.each([1, 2])('is in time, does not flap, and costs little more than the oracle (seed %i)', (seed) => {
    const [own, keda, best] = [ours, kedaDefault, oracle].map((policy) => simulate(scenario, policy, seed))
    expect(own).toMatchObject({ lateSeconds: 0, reversals: 0 })
    expect(own?.replicaHours).toBeLessThanOrEqual(1.1 * (keda?.replicaHours ?? 0))
    expect(own?.replicaHours).toBeLessThanOrEqual(1.25 * (best?.replicaHours ?? 0))
  })
})

it('gives the same outcome for the same seed', () => {
  const scenario = scenarios.find(({ name }) => name === 'burst ×10, 3')
  if (scenario === undefined) throw new Error('the scenario is gone')
  expect(simulate(scenario, ours, 7)).toEqual(simulate(scenario, ours, 7))
})
