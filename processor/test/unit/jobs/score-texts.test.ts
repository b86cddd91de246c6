import { isValenceError } from '@valence/schemas'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { scoreTexts } from '../../../src/jobs/score-texts.ts'
import type { ScoredItem } from '../../../src/text-files/score-items.ts'

let model: Awaited<ReturnType<typeof writeTinyModel>>
beforeAll(async () => {
  model = await writeTinyModel()
})
afterAll(() => model.remove())

/** Blocks of lines, each line 10 bytes long. */
async function* blocksOf(blocks: readonly (readonly unknown[])[]) {
  let line = 0
  for (const block of blocks) {
    yield block.map((text) => {
      line += 1
      return { line, end: 10 * line, fields: { text } }
    })
  }
}

async function score(blocks: readonly (readonly unknown[])[], signal = new AbortController().signal) {
  const seen: ScoredItem[] = []
  const steps: unknown[] = []
  const progress = {
    start: (total: number | undefined) => void steps.push(['start', total]),
    update: (done: number, items: number) => void steps.push([done, items]),
  }
  const config = readConfig({ VALENCE_MODEL: model.folder, VALENCE_INFERENCE_WORKERS: '1' })
  const counts = await scoreTexts(
    config,
    { signal, progress },
    { items: blocksOf(blocks), totalBytes: 30 },
    async (block) => {
      seen.push(...block)
    },
  )
  return { counts, seen, steps }
}

it('scores the texts in order, counts those that fail, and says how far it is', async () => {
  const { counts, seen, steps } = await score([['good', 7], ['awful']])
  expect(counts).toEqual({ done: 3, failed: 1 })
  expect(seen.map(({ item, outcome }) => [item.line, isValenceError(outcome) ? outcome.code : outcome.label])).toEqual([
    [1, 'positive'],
    [2, 'VAL_RECORD_INVALID'],
    [3, 'negative'],
  ])
  expect(steps).toEqual([
    ['start', 30],
    [20, 2],
    [30, 3],
  ])
})

it('ends early when the signal aborts', async () => {
  expect((await score([['good']], AbortSignal.abort())).counts).toEqual({ done: 0, failed: 0 })
})
