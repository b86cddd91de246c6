import { describe, expect, it } from 'vitest'
import { PartitionLagTracker } from '../../../src/monitoring/partition-lag-tracker.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

const partition = { topic: 'texts', partition: 3 }

function setup() {
  const metrics = createMetrics()
  const flows = new PartitionLagTracker(metrics, 0)
  const read = async (name: string) => {
    const line = (await metrics.registry.metrics())
      .split('\n')
      .find((own) => own.startsWith(`valence_kafka_${name}{topic="texts",partition="3"}`))
    return line === undefined ? undefined : Number(line.split(' ').at(-1)?.replace('+Inf', 'Infinity'))
  }
  return { flows, read }
}

describe('the flow of a partition', () => {
  it('lags by what lies between the last commit and the end of the log', async () => {
    const { flows, read } = setup()
    flows.taken(partition, 100n)
    flows.logEnd(partition, 150n)
    expect(await read('lag_records')).toBe(50)
    flows.committed(partition, 150n)
    expect(await read('lag_records')).toBe(0)
  })

  it('counts what arrives and what is done since it was taken, not what lay there before', async () => {
    const { flows, read } = setup()
    flows.taken(partition, 100n)
    flows.logEnd(partition, 1_000n)
    expect(await read('arrived_records_total')).toBe(0)
    flows.logEnd(partition, 1_040n)
    flows.logEnd(partition, 1_010n)
    flows.committed(partition, 130n)
    flows.committed(partition, 120n)
    expect([await read('arrived_records_total'), await read('committed_records_total')]).toEqual([40, 30])
  })

  it('is not behind a transaction marker that it has committed past', async () => {
    const { flows, read } = setup()
    flows.taken(partition, 0n)
    flows.logEnd(partition, 11n)
    // Ten texts and the marker of their producer.
    flows.committed(partition, 11n)
    expect(await read('lag_records')).toBe(0)
  })

  it('says how long the lag lasts at the present rates, and that it never ends where it grows', async () => {
    const { flows, read } = setup()
    flows.taken(partition, 0n)
    flows.logEnd(partition, 10_000n)
    flows.tick(0)
    expect(await read('drain_seconds')).toBe(Number.POSITIVE_INFINITY)
    for (let round = 1; round <= 20; round += 1) {
      flows.committed(partition, BigInt(round * 300))
      flows.logEnd(partition, 10_000n + BigInt(round * 100))
      flows.tick(round * 1_000)
    }
    // 6,000 left and 200 less each second.
    expect(await read('drain_seconds')).toBeCloseTo(30, 0)
    flows.committed(partition, 12_000n)
    flows.tick(21_000)
    expect(await read('drain_seconds')).toBe(0)
  })

  it('leaves nothing behind when the partition goes', async () => {
    const { flows, read } = setup()
    flows.taken(partition, 0n)
    flows.logEnd(partition, 5n)
    flows.tick(1_000)
    expect(flows.topics).toEqual(['texts'])
    flows.released(partition)
    for (const name of ['lag_records', 'drain_seconds', 'arrived_records_total', 'committed_records_total']) {
      expect(await read(name)).toBeUndefined()
    }
    flows.logEnd(partition, 6n)
    flows.committed(partition, 6n)
    expect([flows.topics, await read('lag_records')]).toEqual([[], undefined])
  })
})
