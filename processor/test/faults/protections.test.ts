import { faultSeed } from '@valence/testing/counting/fault-report'
import { expectExactlyOnce } from '@valence/testing/counting/invariants'
import { leaderMoves } from '@valence/testing/faults/broker-faults'
import { deathsBeforeCommit } from '@valence/testing/faults/network-faults'
import { kills, zombies } from '@valence/testing/faults/process-faults'
import { type Protection, withoutProtection } from '@valence/testing/faults/protections'
import { type FaultRun, runFaults } from '@valence/testing/faults/run-faults'
import { openStage, type Stage } from '@valence/testing/faults/stage'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

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
