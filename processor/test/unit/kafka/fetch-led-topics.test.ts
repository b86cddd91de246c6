import type { Admin } from '@valence/producer-sdk/kafka'
import { expect, it } from 'vitest'
import { fetchLedTopics } from '../../../src/kafka/fetch-led-topics.ts'

type Answer = Awaited<ReturnType<Admin['fetchTopicMetadata']>> | Error

const led = (leader: number) =>
  ({ topics: [{ name: 't', partitions: [{ leader, partitionId: 0 }] }] }) as unknown as Exclude<Answer, Error>

const unknown = Object.assign(new Error('This server does not host this topic-partition'), {
  name: 'KafkaJSProtocolError',
  type: 'UNKNOWN_TOPIC_OR_PARTITION',
  retriable: true,
})

/** A broker that gives these answers, the last one again and again. */
function broker(...answers: Answer[]) {
  let asked = 0
  return {
    asked: () => asked,
    async fetchTopicMetadata() {
      const answer = answers[Math.min(asked, answers.length - 1)]
      asked += 1
      if (answer === undefined || answer instanceof Error) throw answer
      return answer
    },
  }
}

it('waits for a broker that does not know a new topic yet, and for its leaders', async () => {
  const slow = broker(unknown, unknown, led(-1), led(2))
  expect(await fetchLedTopics(slow, ['t'], 4_000)).toEqual(led(2))
  expect(slow.asked()).toBe(4)
})

it('takes what there is when the leaders do not come', async () => {
  expect(await fetchLedTopics(broker(led(-1)), ['t'], 60)).toEqual(led(-1))
})

it('gives up on a topic that nobody knows, and at once on anything else', async () => {
  await expect(fetchLedTopics(broker(unknown), ['t'], 60)).rejects.toBe(unknown)
  const other = Object.assign(new Error('no'), { name: 'KafkaJSProtocolError', type: 'TOPIC_AUTHORIZATION_FAILED' })
  const refusing = broker(other)
  await expect(fetchLedTopics(refusing, ['t'], 4_000)).rejects.toBe(other)
  expect(refusing.asked()).toBe(1)
})
