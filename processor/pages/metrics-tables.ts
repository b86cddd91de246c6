import { markdownTable } from '@valence/testing/counting/markdown-table'
import { labelBounds, type MetricSpec, metricTree } from '../src/observability/metric-tree.ts'

const titles: Readonly<Record<keyof typeof metricTree, string>> = {
  pipeline: 'Pipeline',
  kafka: 'Kafka',
  scoring: 'Scoring',
  inference: 'Inference',
  model: 'Model',
  shadow: 'Shadow model',
  http: 'HTTP facade',
  breaker: 'Circuit breakers',
  redis: 'Redis',
  scaling: 'Scaling (`valence lag-service`)',
  feedback: 'Feedback (`valence lag-service`)',
  log: 'Log',
  process: 'Process',
}

function specsOf(area: object): MetricSpec[] {
  return Object.values(area as Record<string, MetricSpec>)
}

function labelsOf({ labels }: MetricSpec): string {
  const shown = Object.entries(labels).map(([name, domain]) =>
    typeof domain === 'string' ? `\`${name}\`` : `\`${name}\` (${domain.join(', ')})`,
  )
  return shown.join(', ')
}

function cells(spec: MetricSpec): string[] {
  const { kind, name, help, exemplars } = spec
  return [`\`${name}\``, exemplars ? `${kind}, _exemplars_` : kind, labelsOf(spec), help.replaceAll('|', '\\|')]
}

/** Each label with open values, and what bounds them. */
function boundsTable(): string {
  const rows = new Map<string, string[]>()
  for (const { labels } of Object.values(metricTree).flatMap(specsOf)) {
    for (const [label, bound] of Object.entries(labels)) {
      if (typeof bound === 'string') rows.set(`${label} ${bound}`, [`\`${label}\``, labelBounds[bound]])
    }
  }
  return markdownTable(
    ['Label', 'Its values'],
    [...rows.values()].sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1)),
  )
}

/** The tables of docs/metrics.md: every metric by area, then the bounds of open labels. */
export function metricsTables(): string {
  const areas = Object.entries(metricTree).map(([area, specs]) => {
    const table = markdownTable(['Metric', 'Kind', 'Labels', 'What it says'], specsOf(specs).map(cells))
    return `## ${titles[area as keyof typeof metricTree]}\n\n${table}\n`
  })
  return [...areas, `## Bounds of labels\n\n${boundsTable()}\n`].join('\n')
}
