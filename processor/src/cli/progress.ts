import type { Output } from './context.ts'

export interface Progress {
  /** @param done of `total`, in the same unit; @param items finished so far */
  update(done: number, items: number): void
  stop(): void
}

export interface ProgressOptions {
  /** Plural: `texts`. */
  readonly noun: string
  /** Undefined where the end is not known: the count is shown without a bar. */
  readonly total: number | undefined
}

const silent: Progress = { update: () => undefined, stop: () => undefined }

/** A progress bar on a terminal, nothing elsewhere. */
export async function startProgress(stream: Output, { noun, total }: ProgressOptions): Promise<Progress> {
  if (!stream.isTTY) return silent
  const { default: cliProgress } = await import('cli-progress')
  const bar = total === undefined ? '' : '{bar} {percentage}% | '
  const single = new cliProgress.SingleBar(
    {
      stream,
      format: `${bar}{items} ${noun} | {rate}/s${total === undefined ? '' : ' | {eta_formatted} left'}`,
      hideCursor: true,
      fps: 8,
      etaBuffer: 100,
    },
    cliProgress.Presets.shades_classic,
  )
  const startedAt = performance.now()
  single.start(total ?? 1, 0, { items: 0, rate: 0 })
  return {
    update(done, items) {
      const seconds = (performance.now() - startedAt) / 1_000
      single.update(Math.min(done, total ?? 0), { items, rate: seconds > 0 ? Math.round(items / seconds) : 0 })
    },
    stop: () => single.stop(),
  }
}
