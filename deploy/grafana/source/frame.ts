import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { metricTree } from '@valence/processor/observability/metric-tree'
import { datasource, note, type PanelBuilder } from './panels.ts'

export interface DashboardPlan {
  readonly uid: string
  readonly title: string
  readonly description: string
  /** Instructions for the reader, in Markdown. */
  readonly reading: string
  readonly rows: readonly { readonly title: string; readonly panels: readonly PanelBuilder[] }[]
}

/** A metric that every process exports. */
const marker = metricTree.process.cpuLimit.name

function variable(name: string, query: string) {
  return new QueryVariableBuilder(name)
    .label(name)
    .query({ query, refId: name })
    .datasource(datasource)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' })
}

/** A dashboard with the common parts: variables, links to the other dashboards, instructions. */
export function build({ uid, title, description, reading, rows }: DashboardPlan): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['valence'])
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .readonly()
    .link(
      new DashboardLinkBuilder('Valence')
        .type(DashboardLinkType.Dashboards)
        .tags(['valence'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('source').type('prometheus'))
    .withVariable(variable('job', `label_values(${marker}, job)`))
    .withVariable(variable('instance', `label_values(${marker}{job=~"$job"}, instance)`))
  let id = 1
  const numbered = (panel: PanelBuilder) => {
    panel.id(id++)
    return panel
  }
  builder.withPanel(numbered(note(reading)))
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title).id(id++))
    for (const panel of row.panels) builder.withPanel(numbered(panel))
  }
  return builder.build()
}
