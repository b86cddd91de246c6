import { readConfig } from '../../config/config.ts'
import { type TopReport, TopWatch } from '../../monitoring/top-watch.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { countOption, textOption } from '../options.ts'
import { writeJson, writeLines } from '../output.ts'
import { adminUrls } from '../top/admin-urls.ts'
import { layoutTop } from '../top/layout.ts'
import { lookOnce, printJson, showLive } from '../top/show-top.ts'
import { topToJson } from '../top/top-json.ts'

const minIntervalMs = 100

/**
 * `top`: a live view of the group and its processes. Prints once with --once or if stdout is no terminal; with --json
 * prints one object per interval.
 */
export async function runTop(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const intervalMs = countOption(options, 'intervalMs', minIntervalMs) ?? 2_000
  const admins = adminUrls(config, textOption(options, 'admin'))
  const watch = new TopWatch(config, textOption(options, 'group') ?? config.kafkaGroupId, admins)
  const { stdout, signal, environment } = context
  const isTerminal = stdout.isTTY === true && environment.TERM !== 'dumb'
  try {
    if (options.json && !options.once) return await printJson(watch, stdout, intervalMs, signal)
    if (isTerminal && !options.json && !options.once) return await showLive(watch, stdout, intervalMs, signal)
    const report = await lookOnce(watch, intervalMs, signal)
    if (signal.aborted) return 1
    if (options.json) await writeJson(stdout, topToJson(report))
    else
      await writeLines(
        stdout,
        layoutTop(stdout, report, { columns: Number.MAX_SAFE_INTEGER, rows: Number.MAX_SAFE_INTEGER }),
      )
    return isComplete(report, options.admin !== undefined) ? 0 : 1
  } finally {
    await watch.close()
  }
}

/** False if the group or a process named with --admin did not answer. Default addresses may be unreachable. */
function isComplete({ group, processes }: TopReport, areNamed: boolean): boolean {
  return group.error === undefined && !(areNamed && processes.some(({ error }) => error !== undefined))
}
