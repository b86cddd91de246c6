import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import {
  BigValueColorMode,
  BigValueGraphMode,
  type DataSourceRef,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  SortOrder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  FieldColorBuilder,
  FieldColorModeId,
  type Panel,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import * as stats from '@grafana/grafana-foundation-sdk/stat'
import * as tables from '@grafana/grafana-foundation-sdk/table'
import * as texts from '@grafana/grafana-foundation-sdk/text'
import * as series from '@grafana/grafana-foundation-sdk/timeseries'

export const datasource: DataSourceRef = { type: 'prometheus', uid: '$' + '{datasource}' }

export type PanelBuilder = Builder<Panel> & { id(id: number): unknown }

export interface Query {
  readonly expr: string
  /** Label placeholders in double braces; if absent, the labels themselves. */
  readonly legend?: string
  readonly exemplars?: boolean
}

interface PanelOptions {
  readonly title: string
  /** Meaning of the panel, and its alert threshold. */
  readonly about: string
  readonly unit: string
  readonly queries: readonly Query[]
  /** Thresholds of warning and alarm, in ascending order, or descending if lower values are worse. */
  readonly limits?: { readonly warn: number; readonly alarm: number }
  /** Width in columns, of 24. */
  readonly width?: number
}

function targets(queries: readonly Query[], isInstant: boolean): Builder<Dataquery>[] {
  return queries.map(({ expr, legend = '', exemplars = false }, index) => {
    const query = new DataqueryBuilder()
      .expr(expr)
      .legendFormat(legend)
      .refId(String.fromCharCode(65 + index))
    query.datasource(datasource)
    if (exemplars) query.exemplar(true)
    return isInstant ? query.instant() : query.range()
  })
}

function thresholds({ warn, alarm }: { warn: number; alarm: number } = { warn: Number.NaN, alarm: Number.NaN }) {
  // Grafana requires the lowest step without a value.
  const base = (color: string) => ({ value: null, color }) as unknown as Threshold
  const steps = Number.isNaN(warn)
    ? [base('green')]
    : warn < alarm
      ? [base('green'), { value: warn, color: 'orange' }, { value: alarm, color: 'red' }]
      : [base('red'), { value: alarm, color: 'orange' }, { value: warn, color: 'green' }]
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps)
}

/** A time series panel. */
export function lines(options: PanelOptions & { stacked?: boolean }): PanelBuilder {
  const { title, about, unit, queries, limits, width = 8, stacked = false } = options
  const panel = new series.PanelBuilder()
    .title(title)
    .description(about)
    .datasource(datasource)
    .targets(targets(queries, false))
    .unit(unit)
    .min(0)
    .span(width)
    .height(8)
    .thresholds(thresholds(limits))
    .showPoints(VisibilityMode.Never)
    .fillOpacity(stacked ? 40 : 8)
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi).sort(SortOrder.Descending))
  if (stacked) panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal))
  if (limits) panel.thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed))
  return panel
}

/** A panel with one current number. */
export function figure(options: PanelOptions): PanelBuilder {
  const { title, about, unit, queries, limits, width = 4 } = options
  return new stats.PanelBuilder()
    .title(title)
    .description(about)
    .datasource(datasource)
    .targets(targets(queries, true))
    .unit(unit)
    .span(width)
    .height(4)
    .noValue('no data')
    .thresholds(thresholds(limits))
    .colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds))
    .colorMode(BigValueColorMode.Value)
    .graphMode(BigValueGraphMode.None)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
}

/** A table of the current series' labels. */
export function table(options: Omit<PanelOptions, 'unit' | 'limits'>): PanelBuilder {
  const { title, about, queries, width = 12 } = options
  const rows = queries.map(({ expr }, index) =>
    new DataqueryBuilder()
      .expr(expr)
      .format(PromQueryFormat.Table)
      .instant()
      .datasource(datasource)
      .refId(String.fromCharCode(65 + index)),
  )
  return new tables.PanelBuilder()
    .title(title)
    .description(about)
    .datasource(datasource)
    .targets(rows)
    .span(width)
    .height(8)
    .noValue('no data')
}

/** A text panel with instructions. */
export function note(markdown: string, height = 4): PanelBuilder {
  return new texts.PanelBuilder()
    .title('')
    .transparent(true)
    .mode(texts.TextMode.Markdown)
    .content(markdown)
    .span(24)
    .height(height)
}
