import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { reportFault } from '@valence/testing/counting/fault-report'
import { TestKafka } from '@valence/testing/counting/workload'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { badWorkers } from '@valence/testing/record-faults/bad-workers'
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

it('scores every text once although its workers throw, exit and hang', async () => {
  const { report, ...facts } = await badWorkers(kafka, 12)
  reportFault({ ...facts, seed: 0 }, report)
})
