import { markdownTable } from '@valence/testing/counting/markdown-table'

/** Of the ratios of neighbouring rounds. */
export interface Comparison {
  readonly median: number
  readonly p25: number
  readonly p75: number
}

export interface OverheadReport {
  readonly date: string
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string }
  readonly rounds: number
  readonly textsPerRound: number
  readonly scrapeSeconds: number
  readonly spans: number
  readonly contestants: readonly {
    readonly name: 'without' | 'metrics' | 'traces'
    readonly cpuPerThousand: number
    readonly textsPerSecond: number
    readonly cpuSeconds: readonly number[]
    readonly wallSeconds: readonly number[]
  }[]
  readonly metrics: { readonly cpu: Comparison; readonly wall: Comparison }
  readonly traces: { readonly cpu: Comparison; readonly wall: Comparison }
}

const percent = (ratio: number) => `${((ratio - 1) * 100).toFixed(1)} %`
const spread = ({ median, p25, p75 }: Comparison) => `${percent(median)} (${percent(p25)} to ${percent(p75)})`

/** The passage of docs/lab/overhead.md. */
export function overheadLines(report: OverheadReport): string {
  const { date, machine, rounds, textsPerRound, scrapeSeconds, contestants, metrics, traces } = report
  const rows = [
    ['metrics, over none at all', spread(metrics.cpu), spread(metrics.wall)],
    ['traces of 1 %, over metrics', spread(traces.cpu), spread(traces.wall)],
  ]
  const perThousand = contestants.map(({ cpuPerThousand }) => cpuPerThousand.toFixed(3)).join(', ')
  return `${date.slice(0, 10)}, ${machine.cores} cores (${machine.cpu}), Node ${machine.node}: ${rounds} rounds of ${textsPerRound} distinct texts each for a
processor without metrics, one with them, scraped every ${scrapeSeconds} s, and one that traces 1 % as well, in turn. Medians of
the ratios of neighbouring rounds, with their quartiles:

${markdownTable(['', 'CPU seconds', 'wall'], rows)}

CPU seconds per 1,000 texts, in that order: ${perThousand}.`
}
