import { afterAll, afterEach, beforeAll, it } from 'vitest'
import type { LocalStack } from '../../../deploy/local/local-stack.ts'
import { startLocalStack } from '../../../deploy/local/stack.ts'
import { killAllCommands } from '../support/cli-process.ts'
import { reportFault } from '../support/fault-report.ts'
import { killAllProcessors } from '../support/processor-process.ts'
import { nothingButPoison, oneTextFailsTheGraph } from '../support/record-faults/bad-texts.ts'
import type { RecordFaultOutcome } from '../support/record-faults/outcome.ts'
import { replayAfterTheCause } from '../support/record-faults/replay.ts'
import { tooLargeOutput } from '../support/record-faults/too-large.ts'
import { TestKafka } from '../support/workload.ts'

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
