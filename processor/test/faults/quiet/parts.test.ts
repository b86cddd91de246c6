import { afterAll, afterEach, beforeAll, it } from 'vitest'
import { partFaults } from '../../support/faults/part-faults.ts'
import { expectComesOut, runQuietly } from '../../support/faults/run-faults.ts'
import { openStage, type Stage } from '../../support/faults/stage.ts'
import { killAllProcessors } from '../../support/processor-process.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage({ parts: ['kafka', 'redis', 'registry'], kafkaNodes: 1 })
}, 180_000)
afterEach(killAllProcessors)
afterAll(() => stage?.close())

it.for(partFaults)('$fault, then silence: everything comes out', async (kind) => {
  expectComesOut(await runQuietly(stage, kind))
})
