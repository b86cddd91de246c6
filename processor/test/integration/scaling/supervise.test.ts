import { expectExactlyOnce } from '@valence/testing/counting/invariants'
import { TestKafka } from '@valence/testing/counting/workload'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { runStep } from '@valence/testing/scaling/step-run'
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllProcessors)
afterAll(() => kafka.close())

it('follows a step of load up and down, every text scored once', { retry: 0 }, async () => {
  const targetMs = 20_000
  const run = await runStep(kafka, {
    capacity: 100,
    partitions: 4,
    lowMs: 2_000,
    highMs: 10_000,
    upTo: 4,
    targetMs,
    downAfterMs: 4_000,
  })
  expectExactlyOnce(run.report)
  expect(Math.max(...run.counts)).toBe(4)
  expect(run.counts.at(-1)).toBe(1)
  // 3 s on two idle cores; without a look at the load more would never be asked for.
  expect(run.upAfterMs).toBeLessThan(40_000)
  expect(run.readyAfterMs).toBeLessThan(100_000)
  // What came before the processors were there waited for them as well.
  expect(run.worstDelayMs).toBeLessThan(targetMs + run.readyAfterMs)
  expect(new Set(run.exitCodes)).toEqual(new Set([0]))
})
