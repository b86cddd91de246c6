import { faultSeed } from '@valence/testing/counting/fault-report'
import { expectExactlyOnce } from '@valence/testing/counting/invariants'
import { shortFaults } from '@valence/testing/faults/network-faults'
import { kills } from '@valence/testing/faults/process-faults'
import { runFaults } from '@valence/testing/faults/run-faults'
import { openStage, type Stage } from '@valence/testing/faults/stage'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest'

let stage: Stage

beforeAll(async () => {
  stage = await openStage({ given: inject('stack') })
})
afterEach(killAllProcessors)
afterAll(() => stage?.close())

/** The fault suite in short: what is quick of each family, on the one broker of the integration suite. */
it.for([kills, ...shortFaults])('$fault: exactly once', { retry: 0 }, async (kind) => {
  const { row, report } = await runFaults(stage, kind, { seed: faultSeed(), times: 2, records: 2_000 })
  expectExactlyOnce(report)
  expect(row.injected).toBe(2)
})
