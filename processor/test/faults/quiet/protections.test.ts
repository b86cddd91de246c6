import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { FaultKind } from '../../support/faults/fault-kind.ts'
import { refusedReturns } from '../../support/faults/network-faults.ts'
import { strangers } from '../../support/faults/process-faults.ts'
import { type Protection, withoutProtection } from '../../support/faults/protections.ts'
import { type FaultResult, runQuietly } from '../../support/faults/run-faults.ts'
import { openStage, type Stage } from '../../support/faults/stage.ts'
import { killAllProcessors } from '../../support/processor-process.ts'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 180_000)
afterEach(killAllProcessors)
afterAll(() => stage?.close())

function run(kind: FaultKind, without: Protection): Promise<FaultResult> {
  return runQuietly(stage, kind, { times: 1, without, environment: withoutProtection(without) })
}

it('without the notice of failed commits, the last texts wait for others while all are ready', async () => {
  const { row, report } = await run(strangers, 'notice of failed commits')
  expect(row.quiet?.waiting).toBeGreaterThan(0)
  expect(row.quiet?.untruths).toEqual([expect.stringMatching(/^all were ready while/)])
  // They come with the next texts.
  expect(report.lost).toEqual([])
})

it('without a watch over the membership, a processor leaves its group for good and says that it is ready', async () => {
  const { row } = await run(refusedReturns, 'watch over the membership')
  expect(row.quiet?.untruths).toContainEqual(expect.stringMatching(/is ready, and the group had not had it/))
})
