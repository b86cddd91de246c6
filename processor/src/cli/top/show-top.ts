import { setTimeout as sleep } from 'node:timers/promises'
import type { TopReport, TopWatch } from '../../monitoring/top-watch.ts'
import type { ExitCode, Output } from '../context.ts'
import { writeJson } from '../output.ts'
import { Screen } from '../screen.ts'
import { layoutTop } from './layout.ts'
import { topToJson } from './top-json.ts'

/** A live view goes on without those who are slower; what is printed once waits for them. */
const livePatienceMs = 1_000
const patienceMs = 15_000

function pause(intervalMs: number, signal: AbortSignal): Promise<void> {
  return sleep(intervalMs, undefined, { signal }).catch(() => undefined)
}

/** After one interval, so that there are rates. */
export async function lookOnce(watch: TopWatch, intervalMs: number, signal: AbortSignal): Promise<TopReport> {
  await watch.look(patienceMs, signal)
  await pause(intervalMs, signal)
  await watch.look(patienceMs, signal)
  return watch.report()
}

/** An object an interval, until told to stop. */
export async function printJson(
  watch: TopWatch,
  stdout: Output,
  intervalMs: number,
  signal: AbortSignal,
): Promise<ExitCode> {
  await watch.look(livePatienceMs, signal)
  for (;;) {
    await pause(intervalMs, signal)
    await watch.look(livePatienceMs, signal)
    if (signal.aborted) return 0
    await writeJson(stdout, topToJson(watch.report()))
  }
}

/** The whole terminal, until told to stop. */
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
