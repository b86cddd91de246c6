import { describe, expect, it } from 'vitest'
import { type MetricSpec, metricTree } from '../../../src/observability/metric-tree.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

const specs: readonly (readonly [area: string, spec: MetricSpec])[] = Object.entries(metricTree).flatMap(
  ([area, metrics]) => Object.values(metrics).map((spec) => [area, spec] as const),
)

describe('the metric tree', () => {
  it.each(specs)('names %s.$1.name after its area', (area, { name }) => {
    expect(name).toMatch(new RegExp(`^valence_${area}_[a-z_]+$`))
  })

  it('has unique names', () => {
    const names = specs.map(([, { name }]) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it('ends counters in _total and times in _seconds', () => {
    for (const [, { kind, name, help }] of specs) {
      expect(name.endsWith('_total')).toBe(kind === 'counter')
      if (/^Time /.test(help)) expect(name).toMatch(/_seconds$/)
    }
  })

  it('gives every histogram ascending buckets', () => {
    for (const [, { kind, buckets }] of specs) {
      if (kind !== 'histogram') continue
      expect(buckets?.length).toBeGreaterThan(3)
      expect([...(buckets ?? [])].sort((a, b) => a - b)).toEqual(buckets)
    }
  })
})

describe('createMetrics', () => {
  it('starts only series with closed labels at zero', async () => {
    const text = await createMetrics().registry.metrics()
    expect(text).toContain('valence_kafka_transactions_total{outcome="fenced"} 0')
    expect(text).toContain('valence_scoring_queue_seconds_count{origin="http"} 0')
    expect(text).not.toContain('valence_breaker_state{')
    expect(text).not.toContain('valence_pipeline_records_total{')
  })

  it('refuses an undeclared label', () => {
    const { pipeline } = createMetrics()
    expect(() => pipeline.retries.inc({ text: 'private' } as never)).toThrow(/label/)
  })

  it('reports the memory and CPU limits of the process', async () => {
    const text = await createMetrics({ runtime: true }).registry.metrics()
    expect(text).toMatch(/^valence_process_memory_limit_bytes [1-9]/m)
    expect(text).toMatch(/^valence_process_cpu_limit_cores [1-9]/m)
  })

  it('writes 200 partitions in less than 50 ms', async () => {
    const { kafka, pipeline, registry } = createMetrics({ runtime: true })
    for (let partition = 0; partition < 200; partition += 1) {
      const labels = { topic: 'sentiment.texts.v1', partition: String(partition) }
      for (const gauge of [kafka.lag, kafka.drain, pipeline.queued]) gauge.set(labels, partition)
      for (const counter of [kafka.arrived, kafka.committed]) counter.inc(labels, partition)
    }
    const times: number[] = []
    for (let scrape = 0; scrape < 5; scrape += 1) {
      const start = performance.now()
      await registry.metrics()
      times.push(performance.now() - start)
    }
    expect(Math.min(...times)).toBeLessThan(50)
  })

  it('creates every metric of the tree in a new registry', async () => {
    const [one, two] = [createMetrics(), createMetrics()]
    one.pipeline.records.inc({ topic: 't', outcome: 'scored' }, 3)
    const text = await one.registry.metrics()
    for (const [, { name }] of specs) expect(text).toContain(`# HELP ${name} `)
    expect(text).toContain('valence_pipeline_records_total{topic="t",outcome="scored"} 3')
    expect(await two.registry.metrics()).not.toContain('outcome="scored"')
  })

  it('adds the metrics of the process on request', async () => {
    expect(await createMetrics().registry.metrics()).not.toContain('nodejs_eventloop_lag_p99_seconds')
    expect(await createMetrics({ runtime: true }).registry.metrics()).toContain('nodejs_eventloop_lag_p99_seconds')
  })
})
