import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { reportFault } from '@valence/testing/counting/fault-report'
import { TestKafka } from '@valence/testing/counting/workload'
import { killAllCommands } from '@valence/testing/processes/cli-process'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { nothingButPoison, oneTextFailsTheGraph } from '@valence/testing/record-faults/bad-texts'
import type { RecordFaultOutcome } from '@valence/testing/record-faults/outcome'
import { replayAfterTheCause } from '@valence/testing/record-faults/replay'
import { tooLargeOutput } from '@valence/testing/record-faults/too-large'
import { afterAll, afterEach, beforeAll, it } from 'vitest'

const poisonMs = Number(process.env.VALENCE_FAULTS_POISON_MS ?? 60_000)
let stack: LocalStack
let kafka: TestKafka

beforeAll(async () => {
  stack = await startLocalStack({ parts: ['kafka'] })
  kafka = await TestKafka.connect(stack.brokers)
})
afterEach(killAllProcessors)
afterEach(killAllCommands)
afterAll(async () => {
  await kafka?.close()
  await stack?.stop()
})

const report = ({ report: found, ...facts }: RecordFaultOutcome) => reportFault({ ...facts, seed: 0 }, found)

it('scores 499 of 500 texts once and dead-letters the one that fails in the graph, in each of 40 batches', async () => {
  report(await oneTextFailsTheGraph(kafka, 40))
})

it(`stays alive and in order through ${poisonMs / 1_000} s of nothing but poison`, async () => {
  report(await nothingButPoison(kafka, poisonMs))
})

it('dead-letters the results that the output topic refuses, and only those', async () => {
  report(await tooLargeOutput(kafka, 500, 50))
})

it('scores what is replayed exactly once, although the replay is killed on its way', async () => {
  report(await replayAfterTheCause(kafka, 6_000, [0.1, 0.35, 0.7]))
})
