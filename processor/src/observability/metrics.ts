import { availableParallelism, totalmem } from 'node:os'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { type LabelDomain, type MetricSpec, type MetricTree, metricTree } from './metric-tree.ts'

type LabelsOf<S extends MetricSpec> = keyof S['labels'] & string

type MetricOf<S extends MetricSpec> = S['kind'] extends 'counter'
  ? Counter<LabelsOf<S>>
  : S['kind'] extends 'gauge'
    ? Gauge<LabelsOf<S>>
    : Histogram<LabelsOf<S>>

/** The metric tree with a prom-client metric at each leaf, and the registry they report to. */
export type Metrics = {
  readonly [A in keyof MetricTree]: { readonly [M in keyof MetricTree[A]]: MetricOf<MetricTree[A][M] & MetricSpec> }
} & { readonly registry: Registry }

/** Every combination of closed labels; none where a label is open. */
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
  // From the start on, so that the first event is a rise and not a new series.
  if (kind === 'counter') {
    const counter = new Counter(options)
    for (const values of known) counter.inc(values, 0)
    return counter
  }
  const { buckets = [], exemplars = false } = spec
  // Registered by hand, because prom-client would refuse exemplars here: createExposition leaves them out of plain text.
  const histogram = new Histogram({ ...options, registers: [], buckets: [...buckets], enableExemplars: exemplars })
  registry.registerMetric(histogram)
  for (const values of known) histogram.zero(values)
  return histogram
}

/** Observes into a histogram with exemplars; a trace that was not sampled is none. */
export function observeTraced<L extends string>(
  histogram: Histogram<L>,
  labels: Partial<Record<L, string | number>>,
  value: number,
  traceId: string | undefined,
): void {
  // The types ask of exemplars that their labels be those of the metric.
  const exemplarLabels = (traceId === undefined ? {} : { trace_id: traceId }) as Partial<Record<L, string>>
  histogram.observe({ labels, value, exemplarLabels })
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
  const metrics = { ...Object.fromEntries(areas), registry } as Metrics
  if (options.runtime) noteLimits(metrics)
  return metrics
}

/** What the process may use, so that its use can be judged. */
function noteLimits({ process: limits }: Metrics): void {
  const constrained = process.constrainedMemory()
  // Without a limit the kernel answers with a number beyond any machine.
  limits.memoryLimit.set(constrained > 0 ? Math.min(constrained, totalmem()) : totalmem())
  limits.cpuLimit.set(availableParallelism())
}
