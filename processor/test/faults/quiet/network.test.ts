import { networkFaults } from '@valence/testing/faults/network-faults'
import { expectComesOut, runQuietly } from '@valence/testing/faults/run-faults'
import { openStage, type Stage } from '@valence/testing/faults/stage'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, it } from 'vitest'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 180_000)
afterEach(killAllProcessors)
afterAll(() => stage?.close())

it.for(networkFaults)('$fault, then silence: everything comes out', async (kind) => {
  expectComesOut(await runQuietly(stage, kind))
})
