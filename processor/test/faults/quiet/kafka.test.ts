import { afterAll, afterEach, beforeAll, it } from 'vitest'
import { faultSeed } from '../../support/fault-report.ts'
import { brokerFaults } from '../../support/faults/broker-faults.ts'
import { networkFaults } from '../../support/faults/network-faults.ts'
import { processFaults } from '../../support/faults/process-faults.ts'
import { expectComesOut, runFaults } from '../../support/faults/run-faults.ts'
import { openStage, type Stage } from '../../support/faults/stage.ts'
import { killAllProcessors } from '../../support/processor-process.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 180_000)
afterEach(killAllProcessors)
afterAll(() => stage?.close())

it.for([...processFaults, ...networkFaults, ...brokerFaults])(
  '$fault, then silence: everything comes out',
  async (kind) => {
    expectComesOut(await runFaults(stage, kind, { form: 'quiet', seed: faultSeed(), times: 3 }))
  },
)
