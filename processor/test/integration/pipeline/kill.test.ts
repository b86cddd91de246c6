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
import { afterAll, afterEach, beforeAll, expect, inject, it } from 'vitest'

/** The least that is allowed. */
const sessionTimeoutMs = 6_000
let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllProcessors)
afterAll(() => kafka.close())

it('loses and doubles nothing while processors are killed, and output pauses for a session at most', {
  retry: 0,
}, async () => {
  const topics = await kafka.createTopics()
  const texts = inventTexts(60_000)
  let sent: AcknowledgedText[] = []
  const run = await runWithKills({
    environment: { ...topics.environment, VALENCE_KAFKA_SESSION_TIMEOUT_MS: String(sessionTimeoutMs) },
    processors: 2,
    named: false,
    everyMs: 4_000,
    restartAfterMs: 500,
    seed: 1,
    until: async (kills) => {
      sent = await kafka.feed(topics, texts, () => kills() >= 3)
    },
  })
  const output = await readCommitted(kafka.brokers, topics.output)
  expectExactlyOnce(compareOutput(sent, output))
  expect(run.kills).toBeGreaterThanOrEqual(3)
  // Chosen, not measured: a rebalance may wait for a killed seat until its session is over, and then for its successor.
  expect(longestSilenceMs(output)).toBeLessThan(sessionTimeoutMs + run.slowestStartMs)
  await run.stop()
})
