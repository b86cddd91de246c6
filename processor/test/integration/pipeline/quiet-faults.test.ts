import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest'
import { faultSeed } from '../../support/fault-report.ts'
import { inTurn } from '../../support/faults/in-turn.ts'
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

/** The quiet form of the fault suite in short: no text follows a fault that could hide what stands still. */
it('everything comes out after a fault, though nothing follows it', { retry: 0 }, async () => {
  const kind = inTurn([strangers, endTxnAnswers, kills])
  const result = await runFaults(stage, kind, { form: 'quiet', seed: faultSeed(), times: 3, lingerMs: 0 })
  expectComesOut(result)
  expect(result.row.injected).toBe(3)
})
