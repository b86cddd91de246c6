import { availableParallelism, totalmem } from 'node:os'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type LabelDomain, type MetricSpec, type MetricTree, metricTree } from './metric-tree.ts'

type LabelsOf<S extends MetricSpec> = keyof S['labels'] & string

type MetricOf<S extends MetricSpec> = S['kind'] extends 'counter'
  ? Counter<LabelsOf<S>>
  : S['kind'] extends 'gauge'
    ? Gauge<LabelsOf<S>>
    : Histogram<LabelsOf<S>>

/** The metric tree with a prom-client metric at each leaf, and their registry. */
export type Metrics = {
  readonly [A in keyof MetricTree]: { readonly [M in keyof MetricTree[A]]: MetricOf<MetricTree[A][M] & MetricSpec> }
} & { readonly registry: Registry }

/** All combinations of label values; empty if a label has no closed list of values. */
function combinations(labels: Readonly<Record<string, LabelDomain>>): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (known, [name, domain]) =>
      typeof domain === 'string' ? [] : known.flatMap((some) => domain.map((value) => ({ ...some, [name]: value }))),
    [{}],
  )
}

function createMetric(spec: MetricSpec, registry: Registry): Counter | Gauge | Histogram {
  const { kind, name, help, labels } = spec
  const options = { name, help, labelNames: Object.keys(labels), registers: [registry] }
  if (kind === 'gauge') return new Gauge(options)
  const known = options.labelNames.length === 0 ? [] : combinations(labels)
  // Known series start at 0: rate() and increase() would miss the first event of a new series.
  if (kind === 'counter') {
    const counter = new Counter(options)
    for (const values of known) counter.inc(values, 0)
    return counter
  }
  const { buckets = [], exemplars = false } = spec
  // prom-client refuses exemplars in a registry of the text format, so registerMetric bypasses its check. createExposition
  // writes exemplars in OpenMetrics only.
  const histogram = new Histogram({ ...options, registers: [], buckets: [...buckets], enableExemplars: exemplars })
  registry.registerMetric(histogram)
  for (const values of known) histogram.zero(values)
  return histogram
}

/** Observes a value with the trace id as exemplar; without a trace id (not sampled) there is no exemplar. */
export function observeTraced<L extends string>(
  histogram: Histogram<L>,
  labels: Partial<Record<L, string | number>>,
  value: number,
  traceId: string | undefined,
): void {
  // The types of prom-client allow only labels of the metric on exemplars.
  const exemplarLabels = (traceId === undefined ? {} : { trace_id: traceId }) as Partial<Record<L, string>>
  histogram.observe({ labels, value, exemplarLabels })
}

/**
 * Creates every metric of the tree in a new registry, so that several instances can run in one process.
 * @param options.runtime also collect CPU, memory, event-loop and GC metrics of the process
 */
export function createMetrics(options: { runtime?: boolean } = {}): Metrics {
  const registry = new Registry()
  if (options.runtime) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 2 })
  const areas = Object.entries(metricTree).map(([area, specs]) => {
    const metrics = Object.entries(specs).map(([name, spec]) => [name, createMetric(spec, registry)])
    return [area, Object.fromEntries(metrics)]
  })
  const metrics = { ...Object.fromEntries(areas), registry } as Metrics
  if (options.runtime) setLimits(metrics)
  return metrics
}

/** Sets the memory and CPU limits of the process, to compare its use with. */
function setLimits({ process: limits }: Metrics): void {
  const constrained = process.constrainedMemory()
  // Without a cgroup limit, constrainedMemory() returns 0 or a value above the memory of the machine.
  limits.memoryLimit.set(constrained > 0 ? Math.min(constrained, totalmem()) : totalmem())
  limits.cpuLimit.set(availableParallelism())
}
