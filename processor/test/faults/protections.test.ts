import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { faultSeed } from '../support/fault-report.ts'
import { leaderMoves } from '../support/faults/broker-faults.ts'
import { deathsBeforeCommit } from '../support/faults/network-faults.ts'
import { kills, zombies } from '../support/faults/process-faults.ts'
import { type Protection, withoutProtection } from '../support/faults/protections.ts'
import { type FaultRun, runFaults } from '../support/faults/run-faults.ts'
import { openStage, type Stage } from '../support/faults/stage.ts'
import { expectExactlyOnce } from '../support/invariants.ts'
import { killAllProcessors } from '../support/processor-process.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 180_000)
afterEach(killAllProcessors)
afterAll(() => stage?.close())

function run(times: number, without: Protection): FaultRun {
  return { seed: faultSeed(), times, records: 4_000, without, environment: withoutProtection(without) }
}

it('without fencing, a zombie doubles records', async () => {
  const { report } = await runFaults(stage, zombies, run(4, 'fencing'))
  expect(report.doubled.length).toBeGreaterThan(0)
})

it('without transactions, a kill doubles records', async () => {
  // Some milliseconds of each transaction are between its records and its offset; one of the kills has to hit them.
  let doubled = 0
  for (let runs = 0; runs < 3 && doubled === 0; runs += 1) {
    doubled = (await runFaults(stage, kills, run(10, 'transactions'))).report.doubled.length
  }
  expect(doubled).toBeGreaterThan(0)
})

it('without transactions, a kill before the end of one always doubles records', async () => {
  const { report } = await runFaults(stage, deathsBeforeCommit, run(3, 'transactions'))
  expect(report.doubled.length).toBeGreaterThan(0)
})

it('on stock kafkajs without a look at the acknowledgements, a leader that moves loses records', async () => {
  const { report } = await runFaults(stage, leaderMoves, run(10, 'overlay and acknowledgements'))
  expect(report.lost.length).toBeGreaterThan(0)
})

it('on stock kafkajs as the product would use it, a leader that moves neither loses nor doubles any', async () => {
  const { report } = await runFaults(stage, leaderMoves, run(10, 'overlay'))
  expectExactlyOnce(report)
})
