import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type MetricSpec, type MetricTree, metricTree } from './metric-tree.ts'

type MetricOf<S extends MetricSpec> = S['kind'] extends 'counter'
  ? Counter<S['labels'][number]>
  : S['kind'] extends 'gauge'
    ? Gauge<S['labels'][number]>
    : Histogram<S['labels'][number]>

/** The metric tree with a prom-client metric at each leaf, and the registry they report to. */
export type Metrics = {
  readonly [A in keyof MetricTree]: { readonly [M in keyof MetricTree[A]]: MetricOf<MetricTree[A][M] & MetricSpec> }
} & { readonly registry: Registry }

function createMetric(spec: MetricSpec, registry: Registry): Counter | Gauge | Histogram {
  const { kind, name, help } = spec
  const labelNames = [...spec.labels]
  const registers = [registry]
  if (kind === 'counter') return new Counter({ name, help, labelNames, registers })
  if (kind === 'gauge') return new Gauge({ name, help, labelNames, registers })
  return new Histogram({ name, help, labelNames, registers, buckets: [...(spec.buckets ?? [])] })
}

/**
 * Builds every metric of the tree on a registry of its own, so that several instances can live in one process.
 * @param options.runtime also collect the process's CPU, memory, event-loop and GC metrics
 */
export function createMetrics(options: { runtime?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (options.runtime) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 2 })
  const areas = Object.entries(metricTree).map(([area, specs]) => {
    const metrics = Object.entries(specs).map(([name, spec]) => [name, createMetric(spec, registry)])
    return [area, Object.fromEntries(metrics)]
  })
  return { ...Object.fromEntries(areas), registry } as Metrics
}
