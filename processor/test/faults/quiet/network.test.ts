import { afterAll, afterEach, beforeAll, it } from 'vitest'
import { networkFaults } from '../../support/faults/network-faults.ts'
import { expectComesOut, runQuietly } from '../../support/faults/run-faults.ts'
import { openStage, type Stage } from '../../support/faults/stage.ts'
import { killAllProcessors } from '../../support/processor-process.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 180_000)
afterEach(killAllProcessors)
afterAll(() => stage?.close())

it.for(networkFaults)('$fault, then silence: everything comes out', async (kind) => {
  expectComesOut(await runQuietly(stage, kind))
})
