import type { MetricSpec } from '@valence/processor/observability/metric-tree'

/** Metrics are leaves of the metric tree, so that a removed name or label does not compile. */
type Counter = MetricSpec & { readonly kind: 'counter' }
type Gauge = MetricSpec & { readonly kind: 'gauge' }
type Histogram = MetricSpec & { readonly kind: 'histogram' }

type LabelOf<S extends MetricSpec> = (keyof S['labels'] & string) | 'job' | 'instance'

interface Selection<S extends MetricSpec> {
  /** Group by these labels; without them, one sum. */
  readonly by?: readonly LabelOf<S>[]
  /** Label filters: a string must be equal, a regular expression must match. */
  readonly where?: Partial<Record<LabelOf<S>, string | RegExp>>
}

const window = '$__rate_interval'

function select<S extends MetricSpec>(spec: S, { where = {} }: Selection<S>, suffix = ''): string {
  const own = Object.entries<string | RegExp | undefined>(where).map(([label, value]) =>
    value instanceof RegExp ? `${label}=~"${value.source}"` : `${label}="${value}"`,
  )
  return `${spec.name}${suffix}{${['job=~"$job"', 'instance=~"$instance"', ...own].join(',')}}`
}

function grouping(labels: readonly string[] = []): string {
  return labels.length === 0 ? '' : ` by (${labels.join(', ')}) `
}

/** Events per second. */
export function rate<S extends Counter>(counter: S, selection: Selection<S> = {}): string {
  return `sum${grouping(selection.by)}(rate(${select(counter, selection)}[${window}]))`
}

/** A gauge over all processes. */
export function gauge<S extends Gauge>(
  operation: 'sum' | 'max' | 'min',
  spec: S,
  selection: Selection<S> = {},
): string {
  return `${operation}${grouping(selection.by)}(${select(spec, selection)})`
}

export function quantile<S extends Histogram>(share: number, histogram: S, selection: Selection<S> = {}): string {
  const buckets = `rate(${select(histogram, selection, '_bucket')}[${window}])`
  return `histogram_quantile(${share}, sum by (${['le', ...(selection.by ?? [])].join(', ')}) (${buckets}))`
}

/** Observations per second. */
export function observations<S extends Histogram>(histogram: S, selection: Selection<S> = {}): string {
  return `sum${grouping(selection.by)}(rate(${select(histogram, selection, '_count')}[${window}]))`
}

/** Sum of observed values per second; for durations, the seconds spent per second. */
export function observed<S extends Histogram>(histogram: S, selection: Selection<S> = {}): string {
  return `sum${grouping(selection.by)}(rate(${select(histogram, selection, '_sum')}[${window}]))`
}

export function mean<S extends Histogram>(histogram: S, selection: Selection<S> = {}): string {
  return `${observed(histogram, selection)} / ${observations(histogram, selection)}`
}

/** A share of a counter's events. */
export function share<S extends Counter>(
  counter: S,
  where: Required<Selection<S>>['where'],
  by: readonly LabelOf<S>[] = [],
) {
  return `${rate(counter, { by, where })} / ${rate(counter, { by })}`
}

/** One process's gauge against its limit. */
export function ofLimit(used: string, limit: Gauge): string {
  return `${used} / on (job, instance) ${select(limit, {})}`
}

export function each<S extends MetricSpec>(spec: S, selection: Selection<S> = {}): string {
  return select(spec, selection)
}

export function rateOfEach<S extends Counter>(counter: S): string {
  return `rate(${select(counter, {})}[${window}])`
}
