import { expect, it } from 'vitest'
import { runRehearsal } from '../support/run-script.ts'

interface Rehearsal {
  readonly outcome: string
  readonly reason?: string
  readonly requests: { readonly answered: number; readonly failed: number }
  readonly texts: {
    readonly acknowledged: number
    readonly results: number
    readonly lost: number
    readonly doubled: number
  }
}

const rehearse = (...args: string[]) => runRehearsal<Rehearsal>('deploy/blue-green/rehearse.ts', ...args)

function expectNothingMissing({ requests, texts }: Rehearsal) {
  expect(requests.failed).toBe(0)
  expect(requests.answered).toBeGreaterThan(0)
  expect(texts).toEqual({ acknowledged: texts.acknowledged, results: texts.acknowledged, lost: 0, doubled: 0 })
  expect(texts.acknowledged).toBeGreaterThan(0)
}

it('switches from blue to green without a failed request, each text scored once', async () => {
  const rehearsal = await rehearse()
  expect(rehearsal.outcome).toBe('switched')
  expectNothingMissing(rehearsal)
})

it('rolls back a release that is not the model it should be, and nobody notices', async () => {
  const rehearsal = await rehearse('--fault', 'golden')
  expect(rehearsal).toMatchObject({ outcome: 'rolled back', reason: expect.stringMatching(/^golden: /) })
  expectNothingMissing(rehearsal)
})

it('switches back a release that fails requests, each text scored once', async () => {
  const rehearsal = await rehearse('--fault', 'errors')
  expect(rehearsal).toMatchObject({ outcome: 'rolled back', reason: expect.stringMatching(/^after the switch: /) })
  expect(rehearsal.texts).toMatchObject({ lost: 0, doubled: 0 })
})
