import { afterAll, afterEach, beforeAll, it } from 'vitest'
import { faultSeed } from '../support/fault-report.ts'
import { mixtures } from '../support/faults/mixtures.ts'
import { runFaults } from '../support/faults/run-faults.ts'
import { openStage, type Stage } from '../support/faults/stage.ts'
import { expectExactlyOnce } from '../support/invariants.ts'
import { killAllProcessors } from '../support/processor-process.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage({ parts: ['kafka', 'redis'] })
}, 180_000)
afterEach(killAllProcessors)
afterAll(() => stage?.close())

it.for(mixtures)('$fault: exactly once', async (kind) => {
  const { report } = await runFaults(stage, kind, { seed: faultSeed(), times: 10, records: 40_000 })
  expectExactlyOnce(report)
})
