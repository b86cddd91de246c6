import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { ValenceError } from '@valence/schemas'
import { FakeBroker, FakeSource } from '@valence/testing/kafka/fake-broker'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { OutgoingRecord } from '../../../src/kafka/record.ts'
import type { TopicPartition } from '../../../src/kafka/topic-partition.ts'
import { PartitionLagTracker } from '../../../src/monitoring/partition-lag-tracker.ts'
import { silentLogger } from '../../../src/observability/logger.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { createCommitStep } from '../../../src/pipeline/commit.ts'
import { createPipeline } from '../../../src/pipeline/consume.ts'
import type { PrepareStep } from '../../../src/pipeline/prepare.ts'
import { measureCommit } from '../../../src/pipeline/step-metrics.ts'

const partitions: TopicPartition[] = [0, 1, 2].map((partition) => ({ topic: 'texts', partition }))
const recordBytes = 100
/** Above it nothing is fetched, so that what is never released stops everything. */
const budgetBytes = 2_400

const failures = ['VAL_KAFKA_TRANSACTION_FAILED', 'VAL_KAFKA_FENCED', 'VAL_RECORD_REFUSED_BY_BROKER'] as const
type Failure = (typeof failures)[number]

type Step =
  | { readonly kind: 'fetch' | 'turn' }
  | { readonly kind: 'assign'; readonly owned: readonly number[] }
  | { readonly kind: 'fail'; readonly code: Failure }
  /** A batch out of order: known, or behind a gap. */
  | { readonly kind: 'astray'; readonly partition: number; readonly from: number }
  | { readonly kind: 'obstruct'; readonly partition: number }
  | { readonly kind: 'unavailable' }

const partitionNumber = fc.nat({ max: partitions.length - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<Step>({ kind: 'fetch' }, { kind: 'turn' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('assign'), owned: fc.subarray([0, 1, 2]) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail'), code: fc.constantFrom(...failures) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('astray'), partition: partitionNumber, from: fc.nat({ max: 30 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('obstruct'), partition: partitionNumber }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'unavailable' }) },
)

const bad = /^bad/
const textsOf = (partition: number) =>
  Array.from({ length: 30 }, (_, index) => `${index === 17 ? 'bad' : 'r'} ${partition} ${index}`)

function setup() {
  const broker = new FakeBroker()
  broker.recordBytes = recordBytes
  const source = new FakeSource(broker)
  const metrics = createMetrics()
  const onFatal = vi.fn<(error: Error) => void>()
  const due = { publish: [] as Failure[], unavailable: 0 }
  const slices: WeakRef<object>[] = []
  const prepare: PrepareStep = async (from, slice, { refusal }) => {
    slices.push(new WeakRef(slice))
    if (due.unavailable > 0) {
      due.unavailable -= 1
      throw new ValenceError('VAL_REGISTRY_UNAVAILABLE')
    }
    const outgoing = slice.records.map(({ key, value, headers }): OutgoingRecord => {
      const text = refusal === undefined ? value : Buffer.from(`letter of ${value}`)
      return { topic: 'scores', partition: 0, key, value: text, headers }
    })
    const outcomes = slice.records.map((record) => ({ kind: 'tombstone' as const, record }))
    return { from, slice, outcomes, outgoing }
  }
  broker.beforePublish = async (records) => {
    await new Promise(setImmediate)
    if (records.length === 0) return
    if (records.some(({ value }) => bad.test(value?.toString() ?? ''))) {
      throw new ValenceError('VAL_RECORD_REFUSED_BY_BROKER')
    }
    const code = due.publish.shift()
    if (code !== undefined) throw new ValenceError(code)
  }
  const pipeline = createPipeline({
    source,
    sessions: broker,
    prepare,
    commit: measureCommit(createCommitStep(), { metrics, now: Date.now }),
    flows: new PartitionLagTracker(metrics, Date.now()),
    maxRecords: 3,
    maxQueued: 100,
    heldBytes: () => broker.heldBytes,
    maxHeldBytes: () => 800,
    start: 'earliest',
    logger: silentLogger,
    metrics,
    onFatal,
  })
  return { broker, source, pipeline, due, onFatal, slices }
}

type Scene = ReturnType<typeof setup>

async function take(next: Step, { broker, source, due }: Scene): Promise<void> {
  switch (next.kind) {
    case 'fetch':
      if (broker.heldBytes < budgetBytes) source.fetch()
      break
    case 'turn':
      await new Promise(setImmediate)
      break
    case 'assign':
      source.assign(next.owned.map((number) => partitions[number] as TopicPartition))
      break
    case 'fail':
      due.publish.push(next.code)
      break
    case 'unavailable':
      due.unavailable = 1
      break
    case 'obstruct':
      source.obstruct(partitions[next.partition] as TopicPartition, new ValenceError('VAL_KAFKA_TRANSACTION_FAILED'))
      break
    case 'astray': {
      const batch = broker.read(partitions[next.partition] as TopicPartition, BigInt(next.from), 4)
      if (batch !== undefined) source.deliver(batch)
    }
  }
}

async function begin(): Promise<Scene> {
  const scene = setup()
  for (const partition of partitions) scene.broker.append(partition, textsOf(partition.partition))
  await scene.pipeline.start()
  scene.source.assign(partitions)
  return scene
}

/** Also where a run of the property fails. */
const steps = fc.array(step, { minLength: 20, maxLength: 80 })

describe('the memory of fetched records', () => {
  it('is free again after any failures and rebalances, and everything still flows, each record once', async () => {
    const property = fc.asyncProperty(steps, async (taken) => {
      const scene = await begin()
      const { broker, source, pipeline, due, onFatal } = scene
      for (const next of taken) await take(next, scene)
      due.publish.length = 0
      source.assign(partitions)
      const expected = partitions.flatMap(({ partition }) => textsOf(partition))
      await vi.waitFor(
        () => {
          if (broker.heldBytes < budgetBytes) source.fetch()
          expect(broker.published.length).toBeGreaterThanOrEqual(expected.length)
        },
        { interval: 1, timeout: 15_000 },
      )
      const published = broker.published.map(({ value }) => value?.toString().replace('letter of ', ''))
      expect(published.toSorted()).toEqual(expected.toSorted())
      await vi.waitFor(() => expect(broker.heldBytes).toBe(0))
      expect(onFatal).not.toHaveBeenCalled()
      await pipeline.stop({ drainMs: 1_000, leaveGroup: true })
    })
    await fc.assert(property, { numRuns: 12, endOnFailure: true })
  }, 120_000)

  it('is free again wherever the processor stops', async () => {
    const property = fc.asyncProperty(steps, async (taken) => {
      const scene = await begin()
      for (const next of taken) await take(next, scene)
      expect(await scene.pipeline.stop({ drainMs: 5_000, leaveGroup: true })).toEqual({ drained: true })
      // What is still delivered has no queue any more.
      await take({ kind: 'astray', partition: 0, from: 0 }, scene)
      expect(scene.broker.heldBytes).toBe(0)
    })
    await fc.assert(property, { numRuns: 30, endOnFailure: true })
  }, 120_000)

  it('is free while a partition stands still, so that it does not take from the others', async () => {
    const { broker, source, pipeline } = await begin()
    broker.beforePublish = (records) => {
      if (records.length > 0 && records[0]?.value?.includes(' 0 '))
        throw new ValenceError('VAL_RECORD_REFUSED_BY_BROKER')
    }
    await vi.waitFor(
      () => {
        if (broker.heldBytes < budgetBytes) source.fetch()
        expect(pipeline.standstills()).toMatchObject([{ partition: 0, code: 'VAL_KAFKA_DEAD_LETTER_REFUSED' }])
        expect([broker.published.length, broker.heldBytes]).toEqual([60, 0])
      },
      { interval: 1, timeout: 10_000 },
    )
    await pipeline.stop({ drainMs: 1_000, leaveGroup: true })
  })

  it('refers to no records of the last slice while a partition waits for the next', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const { broker, source, pipeline, slices } = await begin()
    await vi.waitFor(
      () => {
        source.fetch()
        expect(broker.published).toHaveLength(90)
        expect(broker.heldBytes).toBe(0)
      },
      { interval: 1, timeout: 10_000 },
    )
    await vi.waitFor(() => {
      collect()
      expect(slices.filter((slice) => slice.deref() !== undefined)).toEqual([])
    })
    await pipeline.stop({ drainMs: 1_000, leaveGroup: true })
  })
})
