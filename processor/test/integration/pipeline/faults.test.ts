import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest'
import { faultSeed } from '../../support/fault-report.ts'
import { shortFaults } from '../../support/faults/network-faults.ts'
import { kills } from '../../support/faults/process-faults.ts'
import { runFaults } from '../../support/faults/run-faults.ts'
import { openStage, type Stage } from '../../support/faults/stage.ts'
import { expectExactlyOnce } from '../../support/invariants.ts'
import { killAllProcessors } from '../../support/processor-process.ts'

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
