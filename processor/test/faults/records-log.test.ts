import { afterAll, afterEach, beforeAll, it } from 'vitest'
import type { LocalStack } from '../../../deploy/local/local-stack.ts'
import { startLocalStack } from '../../../deploy/local/stack.ts'
import { reportFault } from '../support/fault-report.ts'
import { killAllProcessors } from '../support/processor-process.ts'
import { abortedInput } from '../support/record-faults/aborted-input.ts'
import { addedPartitions } from '../support/record-faults/added-partitions.ts'
import { recreatedTopic, truncatedLog } from '../support/record-faults/lost-log.ts'
import type { RecordFaultOutcome } from '../support/record-faults/outcome.ts'
import { TestKafka } from '../support/workload.ts'

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

const report = ({ report: found, ...facts }: RecordFaultOutcome) => reportFault({ ...facts, seed: 0 }, found)

it('scores what was committed and nothing else, to the end of the log', async () => {
  report(await abortedInput(kafka, 120))
})

it('stops with an explained error where unread records are gone, and never jumps', async () => {
  report(await truncatedLog(kafka, 1_000))
})

it('stops where its topic was created anew, and reads the new one from its start', async () => {
  report(await recreatedTopic(kafka, 500))
})

it('reads partitions that are added to its topic, from their start', async () => {
  report(await addedPartitions(kafka, 3, 2_000))
})
