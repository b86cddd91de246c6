import { fileURLToPath } from 'node:url'
import { errorCatalogue } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { labelBounds, type MetricSpec, metricTree } from '../../../src/observability/metric-tree.ts'
import { markdownTable } from '../../support/markdown-table.ts'

const path = fileURLToPath(new URL('../../../../docs/metrics.md', import.meta.url))

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

const introduction = `# Metrics

\`GET /metrics\` on the admin port (\`VALENCE_ADMIN_PORT\`) answers in the text format of Prometheus, or in OpenMetrics where
the scraper accepts it. Histograms marked _exemplars_ then name the trace of a sampled text in their buckets.

- Names are \`valence_<area>_<what>\`, in base units: seconds, bytes, ratios between 0 and 1. Counters end in \`_total\`.
- The phases of a text share their stems: decode, queue, tokenize, infer, encode, commit.
- Metrics whose labels have closed lists of values start at 0, so that the first event is a rise and not a new series.
- No label has values that callers can invent without bound; the bounds are below.
- Besides these there are the usual \`process_*\` and \`nodejs_*\` metrics: CPU, memory, event-loop delay, garbage collection.

Dashboards, alerts and recording rules over these metrics are in \`deploy/grafana\` and \`deploy/prometheus\`.
`

const footer =
  '<!-- Written from processor/src/observability/metric-tree.ts: npx vitest run --project unit metrics-doc -u -->\n'

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

/** Where each open label occurs, and what bounds it. */
function boundsTable(): string {
  const open = Object.values(metricTree).flatMap((area) =>
    Object.values(area as Record<string, MetricSpec>).flatMap(({ labels }) =>
      Object.entries(labels).filter(
        (entry): entry is [string, keyof typeof labelBounds] => typeof entry[1] === 'string',
      ),
    ),
  )
  const rows = new Map(open.map(([label, bound]) => [`${label} ${bound}`, [`\`${label}\``, labelBounds[bound]]]))
  return markdownTable(
    ['Label', 'Its values'],
    [...rows.values()].sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1)),
  )
}

function page(): string {
  const sections = Object.entries(metricTree).map(([area, specs]) => {
    const rows = Object.values(specs as Record<string, MetricSpec>).map(cells)
    return `## ${titles[area as keyof typeof metricTree]}\n\n${markdownTable(['Metric', 'Kind', 'Labels', 'What it says'], rows)}\n`
  })
  return [introduction, ...sections, `## Bounds of labels\n\n${boundsTable()}\n`, footer].join('\n')
}

describe('docs/metrics.md', () => {
  it('says of every metric what the code says, and of no other (update it with -u)', async () => {
    await expect(page()).toMatchFileSnapshot(path)
  })

  it('has a sentence for every metric', () => {
    const specs = Object.values(metricTree).flatMap((area) => Object.values(area as Record<string, MetricSpec>))
    expect(specs.filter(({ help }) => !/^[A-Z].{8,}/.test(help)).map(({ name }) => name)).toEqual([])
  })

  it('promises few series: closed labels have few values each, the catalogue is short', () => {
    const closed = Object.values(metricTree).flatMap((area) =>
      Object.values(area as Record<string, MetricSpec>).map(({ name, labels }) => ({
        name,
        series: Object.values(labels).reduce((product, own) => product * (typeof own === 'string' ? 1 : own.length), 1),
      })),
    )
    expect(closed.filter(({ series }) => series > 16)).toEqual([])
    expect(Object.keys(errorCatalogue).length).toBeLessThan(200)
  })
})
