import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { faultSeed, reportFault } from '@valence/testing/counting/fault-report'
import {
  type AcknowledgedText,
  compareOutput,
  expectExactlyOnce,
  longestSilenceMs,
} from '@valence/testing/counting/invariants'
import { inventTexts, TestKafka } from '@valence/testing/counting/workload'
import { readCommitted } from '@valence/testing/kafka/independent-reader'
import { runWithKills } from '@valence/testing/processes/kill-run'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'

const seed = faultSeed()
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

it('SIGKILL of a random processor every 3.5 s: nothing lost, nothing doubled, no pause over 5 s', async () => {
  const topics = await kafka.createTopics()
  const texts = inventTexts(200_000)
  let sent: readonly AcknowledgedText[] = []
  const startedAt = Date.now()
  const run = await runWithKills({
    environment: topics.environment,
    processors: 2,
    named: true,
    everyMs: 3_500,
    restartAfterMs: 500,
    seed,
    until: async (kills) => {
      sent = await kafka.feed(topics, texts, () => kills() >= 10)
    },
  })
  const output = await readCommitted(kafka.brokers, topics.output)
  const report = compareOutput(sent, output)
  const silenceMs = longestSilenceMs(output)
  const seconds = Math.round((Date.now() - startedAt) / 1_000)
  reportFault(
    {
      fault: 'SIGKILL of a random processor every 3.5 s',
      seed,
      injected: run.kills,
      longestSilenceMs: silenceMs,
      seconds,
    },
    report,
  )
  expectExactlyOnce(report)
  expect(run.kills).toBeGreaterThanOrEqual(10)
  expect(silenceMs).toBeLessThan(5_000)
  await run.stop()
})
