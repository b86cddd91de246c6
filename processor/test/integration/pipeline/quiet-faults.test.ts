import { afterAll, afterEach, beforeAll, inject, it } from 'vitest'
import { faultSeed } from '../../support/fault-report.ts'
import { endTxnAnswers } from '../../support/faults/network-faults.ts'
import { kills, strangers } from '../../support/faults/process-faults.ts'
import { expectComesOut, runFaults } from '../../support/faults/run-faults.ts'
import { openStage, type Stage } from '../../support/faults/stage.ts'
import { killAllProcessors } from '../../support/processor-process.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage({ given: inject('stack') })
})
afterEach(killAllProcessors)
afterAll(() => stage?.close())

/** The quiet form of the fault suite in short: one fault, and no text after it that could hide what stands still. */
it.for([strangers, endTxnAnswers, kills])('$fault, then silence: everything comes out', { retry: 0 }, async (kind) => {
  expectComesOut(await runFaults(stage, kind, { form: 'quiet', seed: faultSeed(), times: 1, lingerMs: 0 }))
})
