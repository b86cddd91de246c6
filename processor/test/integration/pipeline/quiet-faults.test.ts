import { faultSeed } from '@valence/testing/counting/fault-report'
import { inTurn } from '@valence/testing/faults/in-turn'
import { endTxnAnswers } from '@valence/testing/faults/network-faults'
import { kills, strangers } from '@valence/testing/faults/process-faults'
import { expectComesOut, runFaults } from '@valence/testing/faults/run-faults'
import { openStage, type Stage } from '@valence/testing/faults/stage'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest'

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
