import { afterAll, afterEach, beforeAll, it } from 'vitest'
import type { LocalStack } from '../../../deploy/local/local-stack.ts'
import { startLocalStack } from '../../../deploy/local/stack.ts'
import { reportFault } from '../support/fault-report.ts'
import { killAllProcessors } from '../support/processor-process.ts'
import { badWorkers } from '../support/record-faults/bad-workers.ts'
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

it('scores every text once although its workers throw, exit and hang', async () => {
  const { report, ...facts } = await badWorkers(kafka, 12)
  reportFault({ ...facts, seed: 0 }, report)
})
