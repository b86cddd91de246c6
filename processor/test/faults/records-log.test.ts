import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { reportFault } from '@valence/testing/counting/fault-report'
import { TestKafka } from '@valence/testing/counting/workload'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { abortedInput } from '@valence/testing/record-faults/aborted-input'
import { addedPartitions } from '@valence/testing/record-faults/added-partitions'
import { recreatedTopic, truncatedLog } from '@valence/testing/record-faults/lost-log'
import type { RecordFaultOutcome } from '@valence/testing/record-faults/outcome'
import { afterAll, afterEach, beforeAll, it } from 'vitest'

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
