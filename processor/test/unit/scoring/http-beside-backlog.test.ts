import { createDice } from '@valence/testing/inputs/dice'
import { ManualClock, turns } from '@valence/testing/inputs/manual-clock'
import { fakeModel } from '@valence/testing/models/fake-model'
import { expect, test } from 'vitest'
import type { InferenceBackend, TokenBatch } from '../../../src/inference/backend.ts'
import { ActiveModel } from '../../../src/model/active-model.ts'
import { createScorer } from '../../../src/scoring/create-scorer.ts'

/** A slow machine: what a worker takes for a run, in milliseconds. */
const runMs = (tokens: number) => 2 + tokens / 4

/** Two workers that take their time, on a clock of the test. Each has one run at a time and holds what comes meanwhile. */
class SlowBackend implements InferenceBackend {
  readonly concurrency = 2
  readonly #clock: ManualClock
  readonly #freeAt = [0, 0]

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  infer({ rows, width }: TokenBatch): Promise<Float32Array> {
    const nowMs = this.#clock.monotonicMs()
    const worker = (this.#freeAt[0] ?? 0) <= (this.#freeAt[1] ?? 0) ? 0 : 1
    const doneAt = Math.max(nowMs, this.#freeAt[worker] ?? 0) + runMs(rows * width)
    this.#freeAt[worker] = doneAt
    return new Promise((resolve) => {
      this.#clock.after(doneAt - nowMs, () => resolve(new Float32Array(rows * 3)))
    })
  }

  async close(): Promise<void> {}
}

/** Scores a backlog for ten seconds, with an HTTP text now and then or without. */
async function simulate(seed: number, httpEveryMs = Number.POSITIVE_INFINITY) {
  const dice = createDice(seed)
  const clock = new ManualClock()
  const scorer = createScorer(new ActiveModel(fakeModel(new SlowBackend(clock))), { clock })
  let [made, kafka] = [0, 0]
  const tweet = () => `${'ok '.repeat(8 + dice.int(24))}${made++}`
  const waits: number[] = []
  let stopped = false

  async function feed(): Promise<void> {
    while (!stopped) {
      kafka += (await scorer.scoreAll(Array.from({ length: 64 }, tweet), { origin: 'kafka' })).length
    }
  }
  async function ask(): Promise<void> {
    const askedAt = clock.monotonicMs()
    await scorer.score(tweet(), { origin: 'http' })
    waits.push(clock.monotonicMs() - askedAt)
  }

  for (let i = 0; i < 6; i++) void feed()
  await turns()
  let nextAt = clock.monotonicMs() + 500
  for (let i = 0; i < 10_000; i++) {
    await clock.advance(1)
    if (clock.monotonicMs() < nextAt || httpEveryMs === Number.POSITIVE_INFINITY) continue
    void ask()
    nextAt += httpEveryMs / 2 + dice.int(httpEveryMs)
  }
  stopped = true
  return { waits, kafka }
}

test.each([1, 2, 3])(
  'HTTP waits for one short run beside its own, and Kafka loses little, seed %i',
  async (seed) => {
    const alone = await simulate(seed)
    const { waits, kafka } = await simulate(seed, 50)
    expect(waits.length).toBeGreaterThan(150)
    // The first one finds long runs under way: nobody had asked for a while.
    const [, ...later] = waits
    const [ageMs, tickMs] = [2, 3]
    expect(Math.max(...later)).toBeLessThanOrEqual(runMs(192) + runMs(34) + ageMs + tickMs)
    expect(kafka / alone.kafka).toBeGreaterThan(0.85)
  },
  60_000,
)
