import { faultSeed } from '@valence/testing/counting/fault-report'
import { expectExactlyOnce } from '@valence/testing/counting/invariants'
import { mixtures } from '@valence/testing/faults/mixtures'
import { runFaults } from '@valence/testing/faults/run-faults'
import { openStage, type Stage } from '@valence/testing/faults/stage'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, it } from 'vitest'

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
