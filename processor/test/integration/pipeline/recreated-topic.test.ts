import { afterAll, afterEach, beforeAll, describe, inject, it } from 'vitest'
import { killAllProcessors } from '../../support/processor-process.ts'
import { recreatedWhileAsleep, recreatedWhileAway } from '../../support/record-faults/recreated-topic.ts'
import { TestKafka } from '../../support/workload.ts'

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
