import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { watchLogEnds } from '../../../src/kafka/log-end-watch.ts'
import { createLogger } from '../../../src/observability/logger.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function setup(fetch: (topic: string) => Promise<{ partition: number; high: string }[]>) {
  const ends: string[] = []
  const lines: unknown[] = []
  const fetchTopicOffsets = async (topic: string) =>
    (await fetch(topic)).map((own) => ({ low: own.high === '-1' ? '-1' : '0', ...own }))
  const onRound = vi.fn()
  const stop = watchLogEnds({
    admin: { fetchTopicOffsets: fetchTopicOffsets as never, listTopics: async () => ['b'] },
    topics: () => ['a', 'b'],
    onEnd: ({ topic, partition }, end) => void ends.push(`${topic}-${partition}@${end}`),
    onLeaderless: ({ topic, partition }) => void ends.push(`${topic}-${partition} has no leader`),
    onRound,
    intervalMs: 1_000,
    logger: createLogger('info', { write: (line) => void lines.push(JSON.parse(line)) }),
  })
  return { ends, lines, onRound, stop }
}

describe('watchLogEnds', () => {
  it('tells the end of every partition of every topic, each interval', async () => {
    let end = 7
    const { ends, onRound, stop } = setup(async () => [{ partition: 0, high: String(end++) }])
    await vi.advanceTimersByTimeAsync(2_000)
    expect(ends).toEqual(['a-0@7', 'b-0@8', 'a-0@9', 'b-0@10'])
    expect(onRound).toHaveBeenCalledTimes(2)
    stop()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(onRound).toHaveBeenCalledTimes(2)
  })

  it('tells of a partition without a leader, and the ends of the others', async () => {
    const { ends, stop } = setup(async (topic) => [
      { partition: 0, high: topic === 'a' ? '-1' : '4' },
      { partition: 1, high: '3' },
    ])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(ends).toEqual(['a-1@3', 'a-0 has no leader', 'b-0@4', 'b-1@3'])
    stop()
  })

  it('goes on when a topic cannot be asked', async () => {
    const { ends, onRound, stop } = setup(async (topic) => {
      if (topic === 'a') throw new Error('no broker')
      return [{ partition: 1, high: '3' }]
    })
    await vi.advanceTimersByTimeAsync(2_000)
    expect(ends).toEqual(['b-1@3', 'b-1@3'])
    expect(onRound).toHaveBeenCalledTimes(2)
    stop()
  })

  it('says which topic is gone', async () => {
    const { ends, lines, stop } = setup(async (topic) => {
      // kafkajs says so of each topic once one is gone.
      throw Object.assign(new Error(topic), { name: 'KafkaJSProtocolError', type: 'UNKNOWN_TOPIC_OR_PARTITION' })
    })
    await vi.advanceTimersByTimeAsync(1_000)
    expect(ends).toEqual([])
    expect(lines).toMatchObject([
      { level: 'error', code: 'VAL_KAFKA_TOPIC_MISSING', detail: 'a', msg: 'an input topic is gone' },
    ])
    stop()
  })

  it('says nothing of brokers that do not answer', async () => {
    const { lines, onRound, stop } = setup(() => Promise.reject(new Error('no broker')))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(onRound).toHaveBeenCalledTimes(1)
    expect(lines).toEqual([])
    stop()
  })

  it('asks no second time while an answer is out', async () => {
    const fetch = vi.fn(() => new Promise<never>(() => undefined))
    const { stop } = setup(fetch)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(fetch).toHaveBeenCalledTimes(2)
    stop()
  })
})
