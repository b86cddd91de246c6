import type { Admin } from '@valence/producer-sdk/kafka'
import { describe, expect, it } from 'vitest'
import { createOutputPartitions } from '../../../src/kafka/output-partitions.ts'

function adminWith(counts: Record<string, number>): Admin {
  const metadata = (name: string) => ({
    name,
    partitions: Array.from({ length: counts[name] ?? 0 }, (_, partitionId) => ({
      partitionErrorCode: 0,
      partitionId,
      leader: 1,
      replicas: [1],
      isr: [1],
    })),
  })
  return { fetchTopicMetadata: async () => ({ topics: Object.keys(counts).map(metadata) }) } as unknown as Admin
}

describe('output partitions', () => {
  it('follow the key as every Kafka client does', async () => {
    const outputs = createOutputPartitions(adminWith({ scores: 6 }), ['scores'])
    await outputs.refresh()
    // murmur2 of the Java client, six partitions.
    expect(
      ['21', 'foobar', 'a-little-bit-long-string'].map((key) => outputs.of('scores', Buffer.from(key), 0)),
    ).toEqual([-973932308, -790332482, -985981536].map((hash) => (hash & 0x7fffffff) % 6))
  })

  it('are found at once for a key of 100 kB, for which kafkajs takes seconds', async () => {
    const outputs = createOutputPartitions(adminWith({ scores: 6 }), ['scores'])
    await outputs.refresh()
    const begun = performance.now()
    outputs.of('scores', Buffer.alloc(100_000, 'k'), 0)
    expect(performance.now() - begun).toBeLessThan(1_000)
  })

  it('follow the input partition where there is no key', async () => {
    const outputs = createOutputPartitions(adminWith({ scores: 4 }), ['scores'])
    await outputs.refresh()
    expect([0, 3, 4, 7].map((input) => outputs.of('scores', null, input))).toEqual([0, 3, 0, 3])
  })

  it('refuse a topic that nobody looked up', async () => {
    const outputs = createOutputPartitions(adminWith({ scores: 4 }), ['scores'])
    await outputs.refresh()
    expect(() => outputs.of('elsewhere', null, 0)).toThrow(expect.objectContaining({ code: 'VAL_KAFKA_TOPIC_MISSING' }))
  })

  it('name the error of the catalogue when the broker is away', async () => {
    const admin = {
      fetchTopicMetadata: () => Promise.reject(Object.assign(new Error('gone'), { name: 'KafkaJSConnectionError' })),
    } as unknown as Admin
    await expect(createOutputPartitions(admin, ['scores']).refresh()).rejects.toMatchObject({
      code: 'VAL_KAFKA_UNREACHABLE',
    })
  })

  it('does without a topic that is gone, until it is back; a topic that never was is refused', async () => {
    const there = new Set(['scores', 'letters'])
    const admin = {
      fetchTopicMetadata: async ({ topics: [name = ''] }: { topics: string[] }) => {
        if (!there.has(name)) throw Object.assign(new Error('gone'), { type: 'UNKNOWN_TOPIC_OR_PARTITION' })
        return { topics: [{ name, partitions: [{ partitionId: 0, leader: 1 }] }] }
      },
    } as unknown as Admin
    const outputs = createOutputPartitions(admin, ['scores', 'letters'])
    await outputs.refresh()
    there.delete('letters')
    await outputs.update()
    expect(outputs.of('scores', null, 5)).toBe(0)
    expect(() => outputs.of('letters', null, 5)).toThrow(expect.objectContaining({ code: 'VAL_KAFKA_TOPIC_MISSING' }))
    await expect(outputs.refresh()).rejects.toMatchObject({ code: 'VAL_KAFKA_TOPIC_MISSING' })
    there.add('letters')
    await outputs.update()
    expect(outputs.of('letters', null, 5)).toBe(0)
  })
})
