import { faultSeed } from '@valence/testing/counting/fault-report'
import { expectExactlyOnce } from '@valence/testing/counting/invariants'
import { processFaults } from '@valence/testing/faults/process-faults'
import { runFaults } from '@valence/testing/faults/run-faults'
import { openStage, type Stage } from '@valence/testing/faults/stage'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 180_000)
afterEach(killAllProcessors)
afterAll(() => stage?.close())

it.for(processFaults)('$fault: exactly once', async (kind) => {
  const { row, report } = await runFaults(stage, kind, { seed: faultSeed(), times: 3, records: 4_000 })
  expectExactlyOnce(report)
  expect(row.injected).toBe(3)
})
