import {
  type AcknowledgedText,
  compareOutput,
  type ExactlyOnceReport,
  expectExactlyOnce,
  longestSilenceMs,
} from '../counting/invariants.ts'
import type { TestKafka, TestTopics } from '../counting/workload.ts'
import { readSettled } from '../kafka/independent-reader.ts'

/** What a run with bad records, a bad log or a bad worker showed; the suites print it, the short ones only check it. */
export interface RecordFaultOutcome {
  readonly fault: string
  readonly injected: number
  readonly longestSilenceMs: number
  readonly seconds: number
  readonly report: ExactlyOnceReport
}

/** Reads the output with kcat, checks it, and says what was seen. */
export async function outcomeOf(
  kafka: TestKafka,
  topics: TestTopics,
  facts: { fault: string; injected: number; startedAt: number; scored: readonly AcknowledgedText[] },
): Promise<RecordFaultOutcome> {
  const output = await readSettled(kafka.brokers, topics.output, facts.scored.length)
  const report = compareOutput(facts.scored, output)
  expectExactlyOnce(report)
  return {
    fault: facts.fault,
    injected: facts.injected,
    longestSilenceMs: longestSilenceMs(output),
    seconds: Math.round((Date.now() - facts.startedAt) / 1_000),
    report,
  }
}
