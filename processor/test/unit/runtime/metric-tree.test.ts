import { describe, expect, it } from 'vitest'
import { type MetricSpec, metricTree } from '../../../src/runtime/metric-tree.ts'
import { createMetrics } from '../../../src/runtime/metrics.ts'

const specs: readonly (readonly [area: string, spec: MetricSpec])[] = Object.entries(metricTree).flatMap(
  ([area, metrics]) => Object.values(metrics).map((spec) => [area, spec] as const),
)

describe('the metric tree', () => {
  it.each(specs)('names %s.$1.name after its area', (area, { name }) => {
    expect(name).toMatch(new RegExp(`^valence_${area}_[a-z_]+$`))
  })

  it('has each name once', () => {
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
  it('builds every metric of the tree on a registry of its own', async () => {
    const [one, two] = [createMetrics(), createMetrics()]
    one.pipeline.records.inc({ topic: 't', outcome: 'scored' }, 3)
    const text = await one.registry.metrics()
    for (const [, { name }] of specs) expect(text).toContain(`# HELP ${name} `)
    expect(text).toContain('valence_pipeline_records_total{topic="t",outcome="scored"} 3')
    expect(await two.registry.metrics()).not.toContain('outcome="scored"')
  })

  it('adds the metrics of the process where asked', async () => {
    expect(await createMetrics().registry.metrics()).not.toContain('nodejs_eventloop_lag_p99_seconds')
    expect(await createMetrics({ runtime: true }).registry.metrics()).toContain('nodejs_eventloop_lag_p99_seconds')
  })
})
