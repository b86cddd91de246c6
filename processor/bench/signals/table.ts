import { markdownTable } from '@valence/testing/counting/markdown-table'

/** What one fault showed. Seconds are counted from the fault; null was not seen within the limit. */
export interface Signal {
  readonly name: string
  readonly how: string
  readonly metric: string
  /** By how much the metric moved in the 20 s before. */
  readonly noise: number
  readonly metricSeconds: number | null
  /** The alerts that are for this fault. */
  readonly alerts: readonly { readonly name: string; readonly seconds: number | null; readonly was?: 'pending' }[]
  /** What else fired meanwhile, after how many seconds; a busy machine sets off some by itself. */
  readonly others: Readonly<Record<string, number>>
}

export interface SignalReport {
  readonly date: string
  readonly machine: string
  /** Alerts were waited for this long; 0 where Prometheus was not there. */
  readonly limitSeconds: number
  readonly signals: readonly Signal[]
  /** Why a fault has no row. */
  readonly notMeasured: Readonly<Record<string, string>>
}

function alertCell({ alerts }: Signal, limitSeconds: number): string {
  if (limitSeconds === 0) return alerts.map(({ name }) => `${name} (not waited for)`).join(', ')
  const one = ({ name, seconds, was }: Signal['alerts'][number]) =>
    seconds === null
      ? `${name}: ${was ? 'pending' : 'silent'} after ${limitSeconds} s`
      : `${name}: ${Math.round(seconds)} s`
  return alerts.map(one).join(', ')
}

/** The table of docs/lab/signals.md. */
export function signalTable({ date, machine, limitSeconds, signals, notMeasured }: SignalReport): string {
  const head = ['fault', 'what was done', 'metric that moves', 'after', 'alert that fires']
  const rows = [
    ...signals.map((own) => [
      own.name,
      own.how,
      own.metric.replaceAll('|', '\\|'),
      own.metricSeconds === null ? 'not seen' : `${own.metricSeconds.toFixed(1)} s`,
      alertCell(own, limitSeconds),
    ]),
    ...Object.entries(notMeasured).map(([name, why]) => [name, `not measured: ${why}`, '', '', '']),
  ]
  const intro = `Measured on ${date.slice(0, 10)} on ${machine}, with Prometheus scraping every 15 s and the rules of \`deploy/prometheus\`.
Other alerts that fired meanwhile are in \`docs/lab/signals.json\`.`
  return `${intro}\n\n${markdownTable(head, rows)}`
}
