import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { plotScenarios } from './scaling/plot.ts'
import { cpuOnly, kedaDefault, kedaSized, oracle, ours } from './scaling/policies.ts'
import { scenarios } from './scaling/scenario.ts'
import { simulate } from './scaling/simulate.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    svg: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
})
const rows = scenarios
  .filter(({ name }) => values.only === undefined || new RegExp(values.only).test(name))
  .map((scenario) => {
    const outcomes = [ours, kedaDefault, kedaSized, cpuOnly, oracle].map((policy) =>
      simulate(scenario, policy, Number(values.seed)),
    )
    const cells = outcomes.map(
      (own) =>
        `${own.policy.slice(0, 16)} late ${own.lateSeconds} worst ${own.worstDelaySeconds} h ${own.replicaHours.toFixed(1)} reb ${own.rebalances} rev ${own.reversals}`,
    )
    process.stdout.write(`${scenario.name.padEnd(28)} ${cells.join(' | ')}\n`)
    return outcomes
  })
if (values.json) writeFileSync(values.json, JSON.stringify(rows))
if (values.svg) writeFileSync(values.svg, plotScenarios(rows))
