import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startLocalStack } from '@valence/deploy/local/stack'
import { TestKafka } from '@valence/testing/counting/workload'
import type { IdleCost } from '@valence/testing/kafkajs/idle-clients.script'
import { runScript } from '@valence/testing/kafkajs/run-script'
import type { TransactionCost } from '@valence/testing/kafkajs/transaction-cost.script'
import { median } from './measure.ts'
import { type OverlayReport, overlayLines } from './report/overlay.ts'
import { resultOptions, writeResults } from './report/results.ts'

/** What kafkajs costs as it is published and with the overlay, in turn, so that a noisy minute hits both. */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    transactions: { type: 'string', default: '200' },
    ...resultOptions,
  },
})
const rounds = Number(values.rounds)
const clients = 12
const partitions = 3
const kinds = { stock: false, overlay: true }
type Kind = keyof typeof kinds

interface Costs {
  readonly transactions: TransactionCost[]
  readonly idle: IdleCost[]
}

async function measure(brokers: string, topic: string, overlay: boolean, { transactions, idle }: Costs): Promise<void> {
  const work = { brokers, topic, partitions, transactions: Number(values.transactions), overlay }
  transactions.push(
    await runScript<TransactionCost>(import.meta.resolve('@valence/testing/kafkajs/transaction-cost.script'), work),
  )
  idle.push(
    await runScript<IdleCost>(import.meta.resolve('@valence/testing/kafkajs/idle-clients.script'), {
      brokers,
      clients,
      measureMs: 5_000,
      overlay,
    }),
  )
}

function middle<Cost extends object>(costs: readonly Cost[]): Cost {
  const names = Object.keys(costs[0] ?? {}) as (keyof Cost)[]
  return Object.fromEntries(names.map((name) => [name, median(costs.map((cost) => Number(cost[name])))])) as Cost
}

const costs: Record<Kind, Costs> = {
  stock: { transactions: [], idle: [] },
  overlay: { transactions: [], idle: [] },
}
const stack = await startLocalStack({ parts: ['kafka'] })
try {
  const kafka = await TestKafka.connect(stack.brokers)
  const { input: topic } = await kafka.createTopics({ partitions })
  for (let round = 0; round < rounds; round += 1) {
    for (const kind of Object.keys(kinds) as Kind[]) await measure(stack.brokers, topic, kinds[kind], costs[kind])
    process.stderr.write(`round ${round + 1} of ${rounds} done\n`)
  }
  await kafka.close()
} finally {
  await stack.stop()
}
const report: OverlayReport & { machine: object } = {
  date: new Date().toISOString(),
  machine: { cpu: cpus()[0]?.model ?? 'unknown', node: process.version },
  rounds,
  transactions: Number(values.transactions),
  partitions,
  clients,
  stock: { transaction: middle(costs.stock.transactions), idle: middle(costs.stock.idle) },
  overlay: { transaction: middle(costs.overlay.transactions), idle: middle(costs.overlay.idle) },
}
await writeResults('overlay', report, values)
process.stdout.write(`${overlayLines(report)}\n`)
process.exit(0)
