import { afterEach, expect, it } from 'vitest'
import type { Gates } from '../../../blue-green/release.ts'
import { switchOver } from '../../../blue-green/switch-over.ts'
import { type FakeOptions, fakePlatform, serveAdmin } from '../../support/fake-platform.ts'

const gates: Gates = {
  readyMs: 50,
  golden: [{ text: 'good', scores: { good: 0.9, bad: 0.1 } }],
  goldenTolerance: 0.01,
  observeMs: 1,
  minAgreement: 0.9,
  minCompared: 10,
  maxExtraRejected: 0.01,
  watchMs: 1,
  maxServerErrors: 0.001,
}

interface Counts {
  readonly scored?: number
  readonly rejected?: number
  readonly agreed?: number
  readonly differed?: number
  readonly ok?: number
  readonly failed?: number
}

const page = ({ scored = 100, rejected = 0, agreed = 100, differed = 0, ok = 50, failed = 0 }: Counts = {}) => `
valence_pipeline_records_total{topic="t",outcome="scored"} ${scored}
valence_pipeline_records_total{topic="t",outcome="rejected"} ${rejected}
valence_shadow_texts_total{outcome="agreed"} ${agreed}
valence_shadow_texts_total{outcome="differed"} ${differed}
valence_http_requests_total{route="/v1/score",method="POST",status="200"} ${ok}
valence_http_requests_total{route="/v1/score",method="POST",status="503"} ${failed}
`
const nothing: Counts = { scored: 0, agreed: 0, ok: 0 }
const begun = page(nothing)

const opened: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const own of opened.splice(0)) await own.close()
})

interface Setup extends Partial<Pick<FakeOptions, 'scores' | 'failing'>> {
  readonly live?: Counts
  readonly candidate?: Counts
  /** Of the candidate, after the switch. */
  readonly later?: Counts
  readonly isReady?: () => boolean
}

async function run({ live, candidate, later, isReady, ...rest }: Setup = {}) {
  const old = await serveAdmin([begun, page({ ...nothing, scored: 100, ...live })])
  const own = await serveAdmin([begun, page(candidate), page(candidate), page(later)], isReady)
  opened.push(old, own)
  const { platform, calls } = fakePlatform({
    live: { name: 'blue', adminUrls: [old.url] },
    candidate: { name: 'green', adminUrls: [own.url] },
    ...rest,
  })
  const lines: string[] = []
  return { result: await switchOver(platform, gates, (line) => lines.push(line)), calls, lines }
}

it('checks, switches, watches, drains the old release', async () => {
  const { result, calls, lines } = await run()
  expect(result).toEqual({ outcome: 'switched' })
  expect(calls).toEqual(['bringUp', 'score green', 'switchTo green', 'drain blue'])
  expect(lines).toContain('agreement: 100.00 % of 100 compared texts')
})

it.each<[string, Setup, string]>([
  ['a process is not ready', { isReady: () => false }, 'ready: 0 of 1 processes are ready'],
  ['it scores otherwise', { scores: { good: 0.8, bad: 0.2 } }, 'golden: 1 texts, off by 0.1000'],
  ['it does not know a label', { scores: { good: 0.9 } }, 'golden: 1 texts, off by Infinity'],
  ['it makes dead letters', { candidate: { rejected: 5 } }, 'dead letters: 4.76 % of 105'],
  ['the models disagree', { candidate: { agreed: 80, differed: 20 } }, 'agreement: 80.00 % of 100'],
  [
    'too little was compared',
    { candidate: { agreed: 9 }, later: { agreed: 9 } },
    'agreement: 9 texts compared, 10 are needed',
  ],
  ['it answers with 5xx', { candidate: { failed: 1 } }, 'errors: 1 of 51 requests'],
  ['it cannot be brought up', { failing: 'bringUp' }, 'bringUp failed'],
])('leaves the live release alone where %s', async (_, setup, reason) => {
  const { result, calls } = await run(setup)
  expect(result).toMatchObject({ outcome: 'rolled back', reason: expect.stringContaining(reason) })
  expect(calls.filter((call) => call.startsWith('switchTo'))).toEqual([])
  expect(calls).not.toContain('drain blue')
  if (setup.failing === undefined) expect(calls).toContain('drain green')
})

it('lets dead letters pass that the live release makes as well', async () => {
  const { result } = await run({ live: { rejected: 6 }, candidate: { rejected: 5 } })
  expect(result.outcome).toBe('switched')
})

it('switches back where requests fail after the switch', async () => {
  const { result, calls } = await run({ later: { ok: 100, failed: 3 } })
  expect(result).toMatchObject({ reason: 'after the switch: 3 of 53 requests answered with 5xx' })
  expect(calls).toEqual(['bringUp', 'score green', 'switchTo green', 'switchTo blue', 'drain green'])
})

it('switches back where the switch itself failed: it may have happened', async () => {
  const { result, calls } = await run({ failing: 'switchTo' })
  expect(result).toMatchObject({ outcome: 'rolled back', reason: 'switchTo failed' })
  expect(calls.slice(2)).toEqual(['switchTo green', 'switchTo blue', 'drain green'])
})
