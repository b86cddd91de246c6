import type { JobProgress } from '../jobs/job.ts'
import type { Output } from './context.ts'

export interface Progress extends JobProgress, Disposable {}

const silent: Progress = { start: () => undefined, update: () => undefined, [Symbol.dispose]: () => undefined }

/** A progress bar, or a count if the total is unknown; only on a terminal. @param noun plural: `texts` */
export async function openProgress(stream: Output, noun: string): Promise<Progress> {
  if (!stream.isTTY) return silent
  const { default: cliProgress } = await import('cli-progress')
  const open = (total: number | undefined) => {
    const bar = total === undefined ? '' : '{bar} {percentage}% | '
    const format = `${bar}{items} ${noun} | {rate}/s${total === undefined ? '' : ' | {eta_formatted} left'}`
    const options = { stream, format, hideCursor: true, fps: 8, etaBuffer: 100 }
    const single = new cliProgress.SingleBar(options, cliProgress.Presets.shades_classic)
    const startedAt = performance.now()
    single.start(total ?? 1, 0, { items: 0, rate: 0 })
    return { single, total: total ?? 0, startedAt }
  }
  let shown: ReturnType<typeof open> | undefined
  return {
    start(total) {
      shown = open(total)
    },
    update(done, items) {
      if (shown === undefined) return
      const seconds = (performance.now() - shown.startedAt) / 1_000
      const rate = seconds > 0 ? Math.round(items / seconds) : 0
      shown.single.update(Math.min(done, shown.total), { items, rate })
    },
    [Symbol.dispose]: () => shown?.single.stop(),
  }
}
