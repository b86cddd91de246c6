import { TestKafka } from '@valence/testing/counting/workload'
import { killAllProcessors } from '@valence/testing/processes/processor-process'
import { recreatedWhileAsleep, recreatedWhileAway } from '@valence/testing/record-faults/recreated-topic'
import { afterAll, afterEach, beforeAll, describe, inject, it } from 'vitest'

let kafka: TestKafka

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
})
afterEach(killAllProcessors)
afterAll(() => kafka.close())

describe('a topic that was created again and filled past the old position', { retry: 0 }, () => {
  it('stops a processor that slept meanwhile, and is read from its start', async () => {
    await recreatedWhileAsleep(kafka, 100)
  })

  it('is read from its start by a processor that was away, whatever was committed for the old one', async () => {
    await recreatedWhileAway(kafka, 100)
  })
})
