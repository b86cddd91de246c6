import { setTimeout as sleep } from 'node:timers/promises'
import type { TopReport, TopWatch } from '../../monitoring/top-watch.ts'
import type { ExitCode, Output } from '../context.ts'
import { writeJson } from '../output.ts'
import { Screen } from '../screen.ts'
import { layoutTop } from './layout.ts'
import { topToJson } from './top-json.ts'

/** Timeouts of one poll: the live view skips slow sources, a single report waits for them. */
const livePollTimeoutMs = 1_000
const pollTimeoutMs = 15_000

function pause(intervalMs: number, signal: AbortSignal): Promise<void> {
  return sleep(intervalMs, undefined, { signal }).catch(() => undefined)
}

/** One report from two polls: rates need two samples. */
export async function lookOnce(watch: TopWatch, intervalMs: number, signal: AbortSignal): Promise<TopReport> {
  await watch.look(pollTimeoutMs, signal)
  await pause(intervalMs, signal)
  await watch.look(pollTimeoutMs, signal)
  return watch.report()
}

/** Prints one JSON object per interval until the signal aborts. */
export async function printJson(
  watch: TopWatch,
  stdout: Output,
  intervalMs: number,
  signal: AbortSignal,
): Promise<ExitCode> {
  await watch.look(livePollTimeoutMs, signal)
  for (;;) {
    await pause(intervalMs, signal)
    await watch.look(livePollTimeoutMs, signal)
    if (signal.aborted) return 0
    await writeJson(stdout, topToJson(watch.report()))
  }
}

/** Full-screen view until the signal aborts. */
export async function showLive(
  watch: TopWatch,
  stdout: Output,
  intervalMs: number,
  signal: AbortSignal,
): Promise<ExitCode> {
  const screen = new Screen(stdout)
  const draw = () => screen.draw(layoutTop(stdout, watch.report(), screen.size))
  const redraw = () => void draw()
  stdout.on('resize', redraw)
  screen.open(signal)
  try {
    while (!signal.aborted) {
      await watch.look(livePollTimeoutMs, signal)
      await draw()
      await pause(intervalMs, signal)
    }
    return 0
  } finally {
    stdout.off('resize', redraw)
    screen.close()
  }
}
