import { type MetricSpec, metricTree } from '@valence/processor/observability/metric-tree'
import { createMetrics } from '@valence/processor/observability/metrics'

interface Series {
  readonly name: string
  readonly labels: readonly string[]
}

/** What a query reads: series of the processes, series of recording rules, and the labels it groups by. */
export interface QueryParts {
  readonly series: readonly Series[]
  readonly recorded: readonly string[]
  readonly groupedBy: readonly string[]
}

const recordedName = /\b[a-z_]+:[a-z0-9_]+(?::[a-z0-9_]+)?\b/g
const seriesName = /\b(?:valence|process|nodejs)_[a-z0-9_]+\b|\bup\b/g
const matcher = /([a-z_][a-z0-9_]*)\s*(?:=~|!~|!=|=)\s*"/g
const grouping = /\b(?:by|on|group_left|group_right|ignoring)\s*\(([^)]*)\)/g

/** Takes a PromQL expression apart as far as names go; the grammar is left to promtool. */
export function readQuery(expression: string): QueryParts {
  const unquoted = expression.replace(/"[^"]*"/g, '""')
  const recorded = [...unquoted.matchAll(recordedName)].map(([name]) => name)
  const rest = unquoted.replace(recordedName, 'recorded')
  const grouped = [...rest.matchAll(grouping)].flatMap(([, names = '']) => names.split(','))
  const ungrouped = rest.replace(grouping, '')
  const series = [...ungrouped.matchAll(seriesName)].map((match) => {
    const braces = /^\s*\{([^}]*)\}/.exec(ungrouped.slice(match.index + match[0].length))?.[1] ?? ''
    return { name: match[0], labels: [...braces.matchAll(matcher)].map(([, label = '']) => label) }
  })
  return { series, recorded, groupedBy: grouped.map((name) => name.trim()).filter((name) => name !== '') }
}

/** Labels that Prometheus puts on every series that it scrapes. */
const targetLabels = ['job', 'instance']

function seriesOf({ kind, name, labels }: MetricSpec): [name: string, labels: readonly string[]][] {
  const own = Object.keys(labels)
  if (kind !== 'histogram') return [[name, own]]
  return [
    [`${name}_bucket`, [...own, 'le']],
    [`${name}_sum`, own],
    [`${name}_count`, own],
  ]
}

/** Every series that a process has, with the labels it can have. */
export function knownSeries(): ReadonlyMap<string, readonly string[]> {
  const known = new Map<string, readonly string[]>([['up', targetLabels]])
  for (const specs of Object.values<Record<string, MetricSpec>>(metricTree)) {
    for (const spec of Object.values(specs)) {
      for (const [name, labels] of seriesOf(spec)) known.set(name, [...labels, ...targetLabels])
    }
  }
  const { registry } = createMetrics({ runtime: true })
  for (const { name, type } of registry.getMetricsAsArray()) {
    if (!/^(process|nodejs)_/.test(name)) continue
    const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: string[] }
    const kind = type as unknown as MetricSpec['kind']
    const labels = Object.fromEntries(labelNames.map((label) => [label, []]))
    for (const [one, own] of seriesOf({ kind, name, help: '', labels })) known.set(one, [...own, ...targetLabels])
  }
  return known
}

/** Names of a query that nothing has, each with what is wrong about it. */
export function unknownNames(
  expression: string,
  known: ReadonlyMap<string, readonly string[]>,
  recordedNames: readonly string[],
): string[] {
  const { series, recorded, groupedBy } = readQuery(expression)
  const labels = new Set([
    ...series.flatMap(({ name }) => known.get(name) ?? []),
    ...recorded.flatMap(labelsOfRecorded),
  ])
  return [
    ...series.filter(({ name }) => !known.has(name)).map(({ name }) => `no metric ${name}`),
    ...series.flatMap(({ name, labels: used }) =>
      used
        .filter((label) => known.has(name) && !known.get(name)?.includes(label))
        .map((label) => `${name} has no label ${label}`),
    ),
    ...recorded.filter((name) => !recordedNames.includes(name)).map((name) => `no rule records ${name}`),
    ...groupedBy.filter((label) => !labels.has(label)).map((label) => `no series of the query has the label ${label}`),
  ]
}

/** The level of a recorded name says its labels: `topic_partition:…` has topic and partition. */
function labelsOfRecorded(name: string): string[] {
  return (name.split(':')[0] ?? '').split('_')
}
