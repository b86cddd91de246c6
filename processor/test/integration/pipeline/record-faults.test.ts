import { TestKafka } from '@valence/testing/counting/workload'
import { killAllCommands } from '@valence/testing/processes/cli-process'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { abortedInput } from '@valence/testing/record-faults/aborted-input'
import { nothingButPoison, oneTextFailsTheGraph } from '@valence/testing/record-faults/bad-texts'
import { badWorkers } from '@valence/testing/record-faults/bad-workers'
import { recreatedTopic, truncatedLog } from '@valence/testing/record-faults/lost-log'
import { replayAfterTheCause } from '@valence/testing/record-faults/replay'
import { tooLargeOutput } from '@valence/testing/record-faults/too-large'
import { afterAll, afterEach, beforeAll, describe, inject, it } from 'vitest'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllProcessors)
afterEach(killAllCommands)
afterAll(() => kafka.close())

/** The fault suite's runs in short; each checks itself. */
describe('a processor', { retry: 0 }, () => {
  it('scores 499 of 500 texts and dead-letters the one that fails in the graph', async () => {
    await oneTextFailsTheGraph(kafka, 1)
  })

  it('lives on nothing but poison and keeps it in order', async () => {
    await nothingButPoison(kafka, 3_000)
  })

  it('dead-letters the result that the output topic refuses', async () => {
    await tooLargeOutput(kafka, 60, 40)
  })

  it('scores what is replayed exactly once', async () => {
    await replayAfterTheCause(kafka, 1_000, [0.2])
  })

  it('scores what was committed and nothing else, to the end of the log', async () => {
    await abortedInput(kafka, 9)
  })

  it('stops where unread records are gone, and never jumps', async () => {
    await truncatedLog(kafka, 200)
  })

  it('stops where its topic was created anew, and reads the new one from its start', async () => {
    await recreatedTopic(kafka, 100)
  })

  it('replaces workers that throw, exit and hang', async () => {
    await badWorkers(kafka, 3)
  })
})
