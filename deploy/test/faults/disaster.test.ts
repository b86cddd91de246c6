import { expect, it } from 'vitest'
import { runRehearsal } from '../support/run-script.ts'

interface Rehearsal {
  readonly acknowledged: { readonly before: number; readonly after: number }
  readonly lost: { readonly before: number; readonly after: number }
  readonly lostBeforeLastBackup: number
  readonly doubled: number
  readonly recoveryPointSeconds: number
  readonly recoverySeconds: number
  readonly processorExitCode: number | null
}

it('brings a destroyed cluster back to its last backup, and goes on', async () => {
  const rehearsal = await runRehearsal<Rehearsal>('deploy/backup/rehearse.ts')
  expect(rehearsal).toMatchObject({ lostBeforeLastBackup: 0, lost: { after: 0 }, doubled: 0, processorExitCode: 0 })
  expect(rehearsal.acknowledged.after).toBeGreaterThan(0)
  expect(rehearsal.recoveryPointSeconds).toBeLessThan(300)
  expect(rehearsal.recoverySeconds).toBeLessThan(900)
})
