import { expect, it } from 'vitest'
import { plotScenarios } from '../../../../bench/scaling/plot.ts'
import { oracle, ours } from '../../../../bench/scaling/policies.ts'
import { scenarios } from '../../../../bench/scaling/scenario.ts'
import { simulate } from '../../../../bench/scaling/simulate.ts'

it('draws a line for each policy in both panels, no point outside of them', () => {
  const scenario = scenarios.find(({ name }) => name === 'backlog of 10 million, 3')
  if (scenario === undefined) throw new Error('the scenario is gone')
  const svg = plotScenarios([[ours, oracle].map((policy) => simulate(scenario, policy, 1))])
  const lines = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points]) => points?.split(' ') ?? [])
  expect(lines).toHaveLength(4)
  for (const line of lines) expect(line.length).toBeGreaterThan(100)
  // The delay goes far beyond its axis, and is cut there.
  const heights = lines.flat().map((point) => Number(point.split(',')[1]))
  expect(Math.min(...heights)).toBeGreaterThanOrEqual(64)
  expect(Math.max(...heights)).toBeLessThanOrEqual(64 + 90)
  expect(svg).not.toContain('NaN')
})
