import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from '@valence/producer-sdk/kafka'
import { type Config, readConfig } from '../../config/config.ts'
import { type LagSnapshot, readLag } from '../../kafka/group-lag.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import { type LagReport, reportLag } from '../../monitoring/drain-time.ts'
import type { CliContext, CommandOptions, ExitCode, Output } from '../context.ts'
import { flowCells, lagToJson } from '../flow-cells.ts'
import { countOption, textOption } from '../options.ts'
import { paint, writeJson, writeLines } from '../output.ts'
import { formatTable } from '../table.ts'

const minIntervalMs = 100

/** `lag`: once where the output is piped or asked to, else a table that refreshes itself until Ctrl-C. */
export async function runLag(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const intervalMs = countOption(options, 'intervalMs', minIntervalMs) ?? 2_000
  const isLive = !options.once && !options.json && context.stdout.isTTY === true
  await withAdmin(config, async (admin) => {
    const reports = watchLag(admin, config, textOption(options, 'group'), intervalMs, context.signal)
    let shownLines = 0
    for await (const report of reports) {
      if (options.json) await writeJson(context.stdout, lagToJson(report))
      else shownLines = await show(context.stdout, report, shownLines)
      if (!isLive) return
    }
  })
  return context.signal.aborted && !isLive ? 1 : 0
}

/** A report per interval, each over the interval before it; ends when the command is told to stop. */
async function* watchLag(
  admin: Admin,
  config: Config,
  group: string | undefined,
  intervalMs: number,
  signal: AbortSignal,
): AsyncGenerator<LagReport> {
  const read = (): Promise<LagSnapshot> =>
    readLag({
      admin,
      groupId: group ?? config.kafkaGroupId,
      topics: config.inputTopics,
      start: config.kafkaStart,
    })
  for (let before = await read(); ; ) {
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    const now = await read()
    yield reportLag(before, now)
    before = now
  }
}

/** Writes over what was shown before; returns the lines now on the screen. */
async function show(stdout: Output, report: LagReport, shownLines: number): Promise<number> {
  const lines = [describeGroup(stdout, report), '', ...toTable(report)]
  const eraseLine = stdout.isTTY ? '\u001b[K' : ''
  if (shownLines > 0) stdout.write(`\u001b[${shownLines}A`)
  await writeLines(
    stdout,
    lines.map((line) => `${line}${eraseLine}`),
  )
  if (shownLines > lines.length) stdout.write('\u001b[J')
  return lines.length
}

function describeGroup(stdout: Output, { groupId, state, at }: LagReport): string {
  const shownState = paint(stdout, state === 'Stable' ? 'green' : 'yellow', state)
  return `group ${groupId}  ${shownState}  ${new Date(at).toISOString()}`
}

function toTable({ partitions, leaderless, total }: LagReport): string[] {
  const right = { align: 'right' } as const
  return formatTable(
    [
      { title: 'TOPIC' },
      { title: 'PARTITION', ...right },
      { title: 'COMMITTED', ...right },
      { title: 'END', ...right },
      { title: 'LAG', ...right },
      { title: 'IN/s', ...right },
      { title: 'DONE/s', ...right },
      { title: 'DRAINED IN', ...right },
      { title: 'OWNER' },
    ],
    [
      ...partitions.map((own) => [
        own.topic,
        String(own.partition),
        own.committed === null ? '-' : String(own.committed),
        String(own.end),
        ...flowCells(own),
        own.owner ?? '-',
      ]),
      ...leaderless.map(({ topic, partition }) => [topic, String(partition), ...Array(6).fill('-'), 'no leader']),
      ['total', '', '', '', ...flowCells(total), ''],
    ],
  )
}
