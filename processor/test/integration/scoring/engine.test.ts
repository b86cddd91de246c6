import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createDice } from '@valence/testing/inputs/dice'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createWorkerPool } from '../../../src/inference/worker-pool.ts'
import { ActiveModel } from '../../../src/model/active-model.ts'
import { evaluate } from '../../../src/model/evaluation.ts'
import { type LoadedModel, loadModel } from '../../../src/model/load-model.ts'
import { resolveModel } from '../../../src/model/model-location.ts'
import { MemoryCache } from '../../../src/scoring/caching/memory-cache.ts'
import { createScorer } from '../../../src/scoring/create-scorer.ts'

/** The packaged model on real workers: what the parts add up to. */
const openModel = () =>
  loadModel(resolveModel('default'), (graph) => createWorkerPool(graph, { workers: 2, timeoutMs: 30_000 }))

const praise = ['I love this {}', 'The {} was wonderful, thank you!', 'Best {} ever 😍', 'What a great {}']
const blame = ['I hate this {}', 'The {} was awful, never again.', 'Worst {} ever 😡', 'What a terrible {}']
const things = ['film', 'phone', 'meal', 'flight', 'song', 'hotel', 'game', 'book', 'car', 'talk', 'park', 'shop']

/** Texts of many lengths, each of its own, and whether they praise. */
function opinions(count: number, seed: number): { text: string; truth: 'positive' | 'negative' }[] {
  const dice = createDice(seed)
  return Array.from({ length: count }, (_, index) => {
    const truth = dice.int(2) === 0 ? 'positive' : 'negative'
    const sentences = Array.from({ length: 1 + dice.int(4) }, () =>
      dice.pick(truth === 'positive' ? praise : blame).replace('{}', dice.pick(things)),
    )
    return { text: `${sentences.join(' ')} (${index})`, truth }
  })
}

let model: LoadedModel
beforeAll(async () => {
  model = await openModel()
})
afterAll(() => model.close())

test('plain opinions are told apart', async () => {
  const scorer = createScorer(new ActiveModel(model))
  const examples = opinions(300, 1)
  const verdicts = await scorer.scoreAll(
    examples.map(({ text }) => text),
    { origin: 'kafka' },
  )
  const judged = verdicts.map((verdict, index) => {
    if (verdict.kind !== 'scored') throw verdict.error
    const scores = Object.values(verdict.sentiment.scores)
    expect(scores.reduce((sum, score) => sum + score, 0)).toBeCloseTo(1, 9)
    return { truth: examples[index]?.truth ?? '', scores: verdict.sentiment.scores }
  })
  const labels = model.manifest.labels.map(({ name }) => name)
  expect(evaluate(labels, judged).macroRecall).toBeGreaterThan(0.95)
})

test('a text has the same score alone and in company', async () => {
  const scorer = createScorer(new ActiveModel(model), { limits: { maxAgeMs: 0 } })
  const texts = opinions(40, 2).map(({ text }) => text)
  const together = await scorer.scoreAll(texts, { origin: 'kafka' })
  for (const [index, text] of texts.entries()) {
    const [alone, among] = [await scorer.score(text, { origin: 'http' }), together[index]]
    if (alone.kind !== 'scored' || among?.kind !== 'scored') throw new Error('not scored')
    expect(Math.abs(alone.sentiment.valence - among.sentiment.valence)).toBeLessThan(0.02)
  }
})

test('the event loop stays free while both workers are saturated', async () => {
  const scorer = createScorer(new ActiveModel(model), { memory: new MemoryCache(1_000_000) })
  const texts = opinions(900, 3).map(({ text }) => text)
  const delay = monitorEventLoopDelay({ resolution: 2 })
  delay.enable()
  await Promise.all([0, 1, 2].map((at) => scorer.scoreAll(texts.slice(at * 300, at * 300 + 300), { origin: 'kafka' })))
  delay.disable()
  // Under 20 ms on a machine of its own; on a shared one the whole process may be put off for longer.
  expect(delay.percentile(90) / 1e6).toBeLessThan(40)
  expect(delay.percentile(50) / 1e6).toBeLessThan(5)
})

test('HTTP waits for few batches although Kafka has a backlog', async () => {
  let batches = 0
  const observer = { batchClosed: () => batches++ }
  const scorer = createScorer(new ActiveModel(model), { observer })
  const backlog = scorer.scoreAll(
    opinions(1_000, 4).map(({ text }) => text),
    { origin: 'kafka' },
  )
  let isThrough = false
  void backlog.then(() => {
    isThrough = true
  })
  const passed: number[] = []
  for (const { text } of opinions(20, 5)) {
    const before = batches
    expect(await scorer.score(text, { origin: 'http' })).toMatchObject({ kind: 'scored' })
    passed.push(batches - before)
  }
  expect(isThrough, 'the backlog was still there').toBe(false)
  // Its own, those out before it, and what was launched while it ran. The backlog is dozens of batches long.
  expect(Math.max(...passed)).toBeLessThanOrEqual(10)
  await backlog
})

describe('swapping the model under load', () => {
  test('fails no text, mixes up no model, and closes every old one', async () => {
    const second = await openModel()
    const models = new ActiveModel(second)
    const scorer = createScorer(models, { memory: new MemoryCache(1_000_000) })
    const retired: LoadedModel[] = []
    models.onRetire(async (old) => {
      retired.push(old)
    })
    const texts = opinions(600, 6).map(({ text }) => text)
    const calls: ReturnType<typeof scorer.scoreAll>[] = []
    for (let swap = 0; swap < 3; swap++) {
      calls.push(scorer.scoreAll(texts.slice(swap * 200, swap * 200 + 200), { origin: 'kafka' }))
      await models.swap(await openModel())
    }
    const verdicts = (await Promise.all(calls)).flat()
    expect(new Set(verdicts.map(({ kind }) => kind))).toEqual(new Set(['scored']))
    expect(retired).toHaveLength(3)
    await expect(
      retired[0]?.backend.infer({ ids: new Int32Array(2), lengths: Int32Array.of(2), rows: 1, width: 2 }),
    ).rejects.toMatchObject({
      code: 'VAL_INFERENCE_UNAVAILABLE',
    })
    await models.close()
  })
})
