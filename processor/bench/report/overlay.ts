import { markdownTable } from '@valence/testing/counting/markdown-table'

interface Side {
  readonly transaction: { readonly requests: number; readonly perSecond: number; readonly cpuMs: number }
  readonly idle: { readonly turns: number; readonly cpuMs: number }
}

/** What processor/bench/overlay.ts writes; medians over its rounds. */
export interface OverlayReport {
  readonly date: string
  readonly rounds: number
  readonly transactions: number
  readonly partitions: number
  readonly clients: number
  readonly stock: Side
  readonly overlay: Side
}

export function overlayLines({
  date,
  rounds,
  transactions,
  partitions,
  clients,
  stock,
  overlay,
}: OverlayReport): string {
  const row = (name: string, value: (side: Side) => number, digits: number) => [
    name,
    ...[stock, overlay].map((side) => value(side).toFixed(digits)),
  ]
  return `${date.slice(0, 10)}, one broker, a transaction of one offset and records for ${partitions} partitions; medians of ${rounds} rounds of ${transactions} transactions
(\`node processor/bench/overlay.ts\`):

${markdownTable(
  ['', 'stock', 'overlay'],
  [
    row('requests for a transaction (5 are the least)', ({ transaction }) => transaction.requests, 1),
    row('transactions a second, one after the other', ({ transaction }) => transaction.perSecond, 0),
    row('CPU ms of the client for a transaction', ({ transaction }) => transaction.cpuMs, 1),
    row(`turns of the event loop a second, ${clients} idle clients`, ({ idle }) => idle.turns, 0),
    row(`CPU ms a second, ${clients} idle clients`, ({ idle }) => idle.cpuMs, 0),
  ],
)}`
}
