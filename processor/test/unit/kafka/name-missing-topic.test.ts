import type { Admin } from '@valence/producer-sdk/kafka'
import { expect, it } from 'vitest'
import { readLag } from '../../../src/kafka/group-lag.ts'
import { fetchOffsetsAt, fetchWholeLogs } from '../../../src/kafka/log-ranges.ts'
import { nameMissingTopic } from '../../../src/kafka/name-missing-topic.ts'
import { createOutputPartitions } from '../../../src/kafka/output-partitions.ts'

/** As kafkajs tells it: without the name. */
const missing = Object.assign(new Error('This server does not host this topic-partition'), {
  name: 'KafkaJSProtocolError',
  type: 'UNKNOWN_TOPIC_OR_PARTITION',
})
const refuse = () => Promise.reject(missing)
const admin = {
  fetchTopicOffsets: refuse,
  fetchTopicOffsetsByTimestamp: refuse,
  fetchTopicMetadata: refuse,
  fetchOffsets: refuse,
  describeGroups: async () => ({ groups: [] }),
} as unknown as Admin

it.each<[string, () => Promise<unknown>]>([
  ['the ends of its log', () => fetchWholeLogs(admin, 'reviews')],
  ['a time in its log', () => fetchOffsetsAt(admin, 'reviews', 0)],
  ['its partitions', () => createOutputPartitions(admin, ['reviews']).refresh()],
  ['the lag', () => readLag({ admin, groupId: 'g', topics: ['reviews'], start: 'earliest' })],
])('a missing topic is named where somebody asks for %s', async (_, ask) => {
  await expect(ask()).rejects.toMatchObject({ code: 'VAL_KAFKA_TOPIC_MISSING', detail: 'reviews' })
})

it('of several topics, all are named', () => {
  expect(() => nameMissingTopic('a', 'b')(missing)).toThrow('one of a, b')
})

it('another error stays what it is', () => {
  const other = new Error('other')
  expect(() => nameMissingTopic('a')(other)).toThrow(other)
})
