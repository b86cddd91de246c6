import type { FaultKind } from '@valence/testing/faults/fault-kind'
import { refusedReturns } from '@valence/testing/faults/network-faults'
import { strangers } from '@valence/testing/faults/process-faults'
import { type Protection, withoutProtection } from '@valence/testing/faults/protections'
import { type FaultResult, runQuietly } from '@valence/testing/faults/run-faults'
import { sessionTimeoutMs } from '@valence/testing/faults/scene'
import { openStage, type Stage } from '@valence/testing/faults/stage'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

let stage: Stage

beforeAll(async () => {
  stage = await openStage()
}, 180_000)
afterEach(killAllProcessors)
afterAll(() => stage?.close())

function run(kind: FaultKind, without: Protection): Promise<FaultResult> {
  // The broker drops a silent member after its session; that it is ready all the same is told some seconds later.
  return runQuietly(stage, kind, {
    times: 1,
    without,
    environment: withoutProtection(without),
    lingerMs: 3 * sessionTimeoutMs,
  })
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
