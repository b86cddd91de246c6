import { afterAll, afterEach, beforeAll, it } from 'vitest'
import { faultSeed } from '../support/fault-report.ts'
import { partFaults } from '../support/faults/part-faults.ts'
import { runFaults } from '../support/faults/run-faults.ts'
import { openStage, type Stage } from '../support/faults/stage.ts'
import { expectExactlyOnce } from '../support/invariants.ts'
import { killAllProcessors } from '../support/processor-process.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage({ parts: ['kafka', 'redis', 'registry'], kafkaNodes: 1 })
}, 180_000)
afterEach(killAllProcessors)
afterAll(() => stage?.close())

it.for(partFaults)('$fault: exactly once', async (kind) => {
  const { report } = await runFaults(stage, kind, { seed: faultSeed(), times: 3, records: 4_000 })
  expectExactlyOnce(report)
})
