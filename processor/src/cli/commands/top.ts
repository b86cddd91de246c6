import { setTimeout as sleep } from 'node:timers/promises'
import { ValenceError } from '@valence/schemas'
import { type Config, readConfig } from '../../config/config.ts'
import { type TopReport, TopWatch } from '../../monitoring/top-watch.ts'
import type { CliContext, CommandOptions, ExitCode, Output } from '../context.ts'
import { countOption, textOption } from '../options.ts'
import { writeJson, writeLines } from '../output.ts'
import { Screen } from '../screen.ts'
import { layoutTop } from '../top/layout.ts'
import { topToJson } from '../top/top-json.ts'

const minIntervalMs = 100
/** A live view goes on without those who are slower; what is printed once waits for them. */
const livePatienceMs = 1_000
const patienceMs = 15_000

/**
 * `top`: a view of the group and its processes that refreshes itself; once where the output is piped or asked to; an
 * object an interval with --json.
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

/** The admin ports to ask: the one of the configuration unless some are named. @throws VAL_USAGE_INVALID */
function adminUrls(config: Config, given: string | undefined): URL[] {
  if (given === undefined) {
    // Where the system chose the port, nobody knows it.
    return config.adminPort === 0 ? [] : [new URL(`http://${config.adminHost}:${config.adminPort}`)]
  }
  return given.split(',').map((text) => {
    const url = URL.parse(text.includes('://') ? text : `http://${text}`)
    if (url && /^https?:$/.test(url.protocol)) return url
    throw new ValenceError(
      'VAL_USAGE_INVALID',
      `--admin must be addresses like http://localhost:9464, not ${JSON.stringify(text)}`,
    )
  })
}

function pause(intervalMs: number, signal: AbortSignal): Promise<void> {
  return sleep(intervalMs, undefined, { signal }).catch(() => undefined)
}

async function lookOnce(watch: TopWatch, intervalMs: number, signal: AbortSignal): Promise<TopReport> {
  await watch.look(patienceMs, signal)
  await pause(intervalMs, signal)
  await watch.look(patienceMs, signal)
  return watch.report()
}

/** Processes that nobody named need not be there. */
function isComplete({ group, processes }: TopReport, areNamed: boolean): boolean {
  return group.error === undefined && !(areNamed && processes.some(({ error }) => error !== undefined))
}

async function printJson(watch: TopWatch, stdout: Output, intervalMs: number, signal: AbortSignal): Promise<ExitCode> {
  await watch.look(livePatienceMs, signal)
  for (;;) {
    await pause(intervalMs, signal)
    await watch.look(livePatienceMs, signal)
    if (signal.aborted) return 0
    await writeJson(stdout, topToJson(watch.report()))
  }
}

async function showLive(watch: TopWatch, stdout: Output, intervalMs: number, signal: AbortSignal): Promise<ExitCode> {
  const screen = new Screen(stdout)
  const draw = () => screen.draw(layoutTop(stdout, watch.report(), screen.size))
  const redraw = () => void draw()
  stdout.on('resize', redraw)
  screen.open(signal)
  try {
    while (!signal.aborted) {
      await watch.look(livePatienceMs, signal)
      await draw()
      await pause(intervalMs, signal)
    }
    return 0
  } finally {
    stdout.off('resize', redraw)
    screen.close()
  }
}
