import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { expectExactlyOnce } from '@valence/testing/counting/invariants'
import { TestKafka } from '@valence/testing/counting/workload'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { runStep } from '@valence/testing/scaling/step-run'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

let stack: LocalStack
let kafka: TestKafka

beforeAll(async () => {
  stack = await startLocalStack({ parts: ['kafka'] })
  kafka = await TestKafka.connect(stack.brokers)
})
afterEach(killAllProcessors)
afterAll(async () => {
  await kafka?.close()
  await stack?.stop()
})

it('a load of 250 % of one processor for two minutes is met within 30 s, in time, and given up again', async () => {
  const run = await runStep(kafka, {
    capacity: 100,
    partitions: 4,
    lowMs: 20_000,
    highMs: 120_000,
    targetMs: 60_000,
    downAfterMs: 60_000,
  })
  const { report, ...times } = run
  process.stdout.write(`${JSON.stringify({ texts: report.acknowledged, ...times })}\n`)
  expectExactlyOnce(report)
  expect(run.upAfterMs).toBeLessThan(30_000)
  expect(run.worstDelayMs).toBeLessThan(60_000)
  expect(Math.max(...run.counts)).toBeGreaterThanOrEqual(3)
  expect(run.counts.at(-1)).toBe(1)
  expect(new Set(run.exitCodes)).toEqual(new Set([0]))
})
