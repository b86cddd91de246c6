import type { LocalStack } from '@valence/deploy/local/local-stack'
import { startLocalStack } from '@valence/deploy/local/stack'
import { createKafka } from '@valence/producer-sdk/kafka'
import { TestKafka } from '@valence/testing/counting/workload'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { TopicTail } from '../../../src/kafka/topic-tail.ts'
import { silentLogger } from '../../../src/observability/logger.ts'

let stack: LocalStack
let kafka: TestKafka
let topic: string

beforeAll(async () => {
  stack = await startLocalStack({ parts: ['kafka'] })
  kafka = await TestKafka.connect(stack.brokers)
}, 180_000)
beforeEach(async () => {
  topic = (await kafka.createTopics({ partitions: 2 })).input
})
afterAll(async () => {
  await kafka?.close()
  await stack?.stop()
})

/** A tail that notes what it reads, and what happens to it. */
function openTail() {
  const seen: string[] = []
  const stopping = new AbortController()
  let gaps = 0
  const tail = new TopicTail({
    kafka: createKafka({ brokers: kafka.brokers, clientId: 'tail', retry: { retries: 1 } }),
    topic,
    groupPrefix: topic,
    logger: silentLogger,
    onBatch: ({ records }) => {
      seen.push(...records.map(({ value }) => String(value)))
    },
    onGap: () => {
      gaps += 1
    },
  })
  onTestFinished(() => stopping.abort())
  const follow = () => {
    const connected = Promise.withResolvers<void>()
    const done = tail.follow(stopping.signal, connected.resolve)
    done.catch(connected.reject)
    return { connected: connected.promise, done }
  }
  return { seen, follow, stop: () => stopping.abort(), gaps: () => gaps }
}

/** As the service does it: again and again while the cluster finds itself. */
async function connected(
  follow: () => { connected: Promise<void>; done: Promise<void> },
): Promise<{ done: Promise<void> }> {
  let done = Promise.resolve()
  const attempt = () => {
    const following = follow()
    done = following.done
    return following.connected.then(() => 'connected', String)
  }
  await expect.poll(attempt, { timeout: 60_000 }).toBe('connected')
  return { done }
}

describe('TopicTail', () => {
  it('begins with what is written once it is connected, and ends when told to', async () => {
    await kafka.produceRaw(topic, ['before'])
    const { seen, follow, stop } = openTail()
    const { done } = await connected(follow)
    await kafka.produceRaw(topic, ['a', 'b', 'c'])
    await expect.poll(() => seen.toSorted(), { timeout: 20_000 }).toEqual(['a', 'b', 'c'])
    stop()
    await done
  })

  it('goes on with the very next record after the brokers were away, also one that came before it was back', {
    timeout: 120_000,
  }, async () => {
    const { seen, follow } = openTail()
    const { done } = await connected(follow)
    await kafka.produceRaw(topic, ['before'])
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['before'])
    await stack.kafka.kill(0)
    await expect(done).rejects.toMatchObject({ code: expect.stringMatching(/^VAL_KAFKA_/) })
    await stack.kafka.restart(0)
    await kafka.produceRaw(topic, ['meanwhile'])
    await connected(follow)
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['before', 'meanwhile'])
  })

  it('tells of the gap when the log no longer has what comes next', { timeout: 120_000 }, async () => {
    const { seen, follow, gaps } = openTail()
    const { done } = await connected(follow)
    await kafka.produceRaw(topic, ['kept'])
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['kept'])
    await stack.kafka.kill(0)
    await expect(done).rejects.toThrow()
    await stack.kafka.restart(0)
    await kafka.produceRaw(topic, ['lost', 'lost', 'lost', 'lost'])
    const ends = await kafka.admin.fetchTopicOffsets(topic)
    const written = ends.filter(({ high }) => high !== '0')
    await kafka.admin.deleteTopicRecords({
      topic,
      partitions: written.map(({ partition, high }) => ({ partition, offset: high })),
    })
    await connected(follow)
    expect(gaps()).toBe(1)
    await kafka.produceRaw(topic, ['later'])
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual(['kept', 'later'])
  })
})
