import { FakeBroker, FakeSource } from '@valence/testing/kafka/fake-broker'
import { vi } from 'vitest'
import type { OutgoingRecord } from '../../../src/kafka/record.ts'
import type { TopicPartition } from '../../../src/kafka/topic-partition.ts'
import { PartitionLagTracker } from '../../../src/monitoring/partition-lag-tracker.ts'
import { type Logger, silentLogger } from '../../../src/observability/logger.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { createCommitStep } from '../../../src/pipeline/commit.ts'
import { createPipeline } from '../../../src/pipeline/consume.ts'
import type { PrepareStep } from '../../../src/pipeline/prepare.ts'
import { measureCommit } from '../../../src/pipeline/step-metrics.ts'

export const first: TopicPartition = { topic: 'texts', partition: 0 }
export const second: TopicPartition = { topic: 'texts', partition: 1 }

/** Echoes each record's value, so that what is published can be compared with what came in. */
export const echo: PrepareStep = async (from, slice) => ({
  from,
  slice,
  outcomes: slice.records.map((record) => ({ kind: 'tombstone' as const, record })),
  outgoing: slice.records.map(({ key, value, headers }) => ({ topic: 'scores', partition: 0, key, value, headers })),
})

/** A pipeline on a fake broker. */
export function setup(
  options: {
    prepare?: PrepareStep
    maxRecords?: number
    maxQueued?: number
    maxHeldBytes?: number
    start?: 'earliest' | 'latest'
    logger?: Logger
  } = {},
) {
  const broker = new FakeBroker()
  const source = new FakeSource(broker)
  const metrics = createMetrics()
  const onFatal = vi.fn<(error: Error) => void>()
  const pipeline = createPipeline({
    source,
    sessions: broker,
    prepare: options.prepare ?? echo,
    commit: measureCommit(createCommitStep(), { metrics, now: Date.now }),
    flows: new PartitionLagTracker(metrics, Date.now()),
    maxRecords: options.maxRecords ?? 3,
    maxQueued: options.maxQueued ?? 8,
    heldBytes: () => broker.heldBytes,
    maxHeldBytes: () => options.maxHeldBytes ?? Number.POSITIVE_INFINITY,
    start: options.start ?? 'earliest',
    logger: options.logger ?? silentLogger,
    metrics,
    onFatal,
  })
  return { broker, source, metrics, onFatal, pipeline }
}

export const numbered = (count: number, prefix = 'r') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)
export const values = (records: readonly OutgoingRecord[]) => records.map(({ value }) => value?.toString())

/** Fetches until `done`, giving the tasks their turns in between. */
export async function pump(source: FakeSource, done: () => boolean): Promise<void> {
  await vi.waitFor(
    () => {
      source.fetch()
      if (!done()) throw new Error('not yet')
    },
    { interval: 1, timeout: 4_000 },
  )
}
