import { readConfig } from '../../config/config.ts'
import { withAdmin } from '../../kafka/kafka-admin.ts'
import type { LagReport } from '../../monitoring/drain-time.ts'
import { watchLag } from '../../monitoring/watch-lag.ts'
import type { CliContext, CommandOptions, ExitCode, Output } from '../context.ts'
import { lagToJson } from '../flow-cells.ts'
import { countOption, textOption } from '../options.ts'
import { writeJson, writeLines } from '../output.ts'
import { describeLag } from '../views/lag-view.ts'

const minIntervalMs = 100

/** `lag`: prints once with --once or if stdout is no terminal, else refreshes a table until Ctrl-C. */
export async function runLag({ environment, stdout, signal }: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(environment)
  const intervalMs = countOption(options, 'intervalMs', minIntervalMs) ?? 2_000
  const groupId = textOption(options, 'group') ?? config.kafkaGroupId
  const isLive = !options.once && !options.json && stdout.isTTY === true
  await withAdmin(config, async (admin) => {
    const group = { admin, groupId, topics: config.inputTopics, start: config.kafkaStart }
    let shownLines = 0
    for await (const report of watchLag(group, intervalMs, signal)) {
      if (options.json) await writeJson(stdout, lagToJson(report))
      else shownLines = await show(stdout, report, shownLines)
      if (!isLive) return
    }
  })
  return signal.aborted && !isLive ? 1 : 0
}

/** Overwrites the previous lines; returns the number of lines shown. */
async function show(stdout: Output, report: LagReport, shownLines: number): Promise<number> {
  const lines = describeLag(stdout, report)
  const eraseLine = stdout.isTTY ? '\u001b[K' : ''
  if (shownLines > 0) stdout.write(`\u001b[${shownLines}A`)
  await writeLines(
    stdout,
    lines.map((line) => `${line}${eraseLine}`),
  )
  if (shownLines > lines.length) stdout.write('\u001b[J')
  return lines.length
}
