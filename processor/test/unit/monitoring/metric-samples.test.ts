import { expect, it } from 'vitest'
import { MetricSamples } from '../../../src/monitoring/metric-samples.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

it('reads what prom-client writes, names that hold quotes and commas included', async () => {
  const { registry, pipeline, model, kafka } = createMetrics()
  pipeline.records.inc({ topic: 'a,b="c"\\\n}', outcome: 'scored' }, 3)
  pipeline.records.inc({ topic: 'other', outcome: 'scored' }, 4)
  kafka.drain.set({ topic: 't', partition: '0' }, Number.POSITIVE_INFINITY)
  model.info.set({ name: 'm', version: '1', sha256: 'x' }, 1)
  const samples = new MetricSamples(await registry.metrics())
  expect(samples.sum('valence_pipeline_records_total')).toBe(7)
  expect(samples.sum('valence_pipeline_records_total', { topic: 'a,b="c"\\\n}' })).toBe(3)
  expect(samples.all('valence_model_info')).toEqual([{ labels: { name: 'm', version: '1', sha256: 'x' }, value: 1 }])
  expect(samples.sum('valence_kafka_drain_seconds')).toBe(Number.POSITIVE_INFINITY)
  expect(samples.sum('valence_scoring_bisections_total')).toBe(0)
})

it('passes over what is no sample', () => {
  const samples = new MetricSamples('# HELP a b\n\n<html>not found</html>\nvalence_x 2 1700000000000\n')
  expect(samples.all('valence_x')).toEqual([{ labels: {}, value: 2 }])
  expect(samples.all('a')).toEqual([])
})
