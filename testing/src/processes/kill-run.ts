import { createRandom } from '../inputs/random.ts'
import { ProcessorProcess } from './processor-process.ts'

export interface KillRunOptions {
  readonly environment: Readonly<Record<string, string>>
  readonly processors: number
  /** Gives each seat its VALENCE_KAFKA_INSTANCE_ID; otherwise the processors find seats by themselves. */
  readonly named: boolean
  /** From one kill to the next, or until the restarted one works, where that takes longer. */
  readonly everyMs: number
  /** Between a kill and the restart of the same seat. */
  readonly restartAfterMs: number
  readonly seed: number
  /** Ends the killing; the processors are then left running. It is told how often a processor was killed so far. */
  readonly until: (kills: () => number) => Promise<unknown>
}

const wait = (ms: number) => new Promise<'waited'>((resolve) => setTimeout(resolve, ms, 'waited'))

export interface KillRun {
  readonly kills: number
  /** The longest time from a spawn until the processor had joined. */
  readonly slowestStartMs: number
  stop(): Promise<void>
}

/** Runs processors on static seats and SIGKILLs a random one again and again. */
export async function runWithKills(options: KillRunOptions): Promise<KillRun> {
  const nameOf = (seat: number) => (options.named ? { VALENCE_KAFKA_INSTANCE_ID: `seat-${seat}` } : {})
  let slowestStartMs = 0
  const start = async (seat: number) => {
    const spawnedAt = performance.now()
    const started = await new ProcessorProcess({ ...options.environment, ...nameOf(seat) }).started()
    slowestStartMs = Math.max(slowestStartMs, performance.now() - spawnedAt)
    return started
  }
  const seats = await Promise.all(Array.from({ length: options.processors }, (_, seat) => start(seat)))
  const random = createRandom(options.seed)
  let kills = 0
  const until = options.until(() => kills)
  const ended = until.then(() => 'ended' as const)
  let dueAt = Date.now() + options.everyMs
  while ((await Promise.race([wait(Math.max(0, dueAt - Date.now())), ended])) === 'waited') {
    dueAt = Date.now() + options.everyMs
    const seat = Math.floor(random() * seats.length)
    await seats[seat]?.kill()
    kills += 1
    await wait(options.restartAfterMs)
    seats[seat] = await start(seat)
  }
  await until
  return {
    kills,
    slowestStartMs,
    stop: async () => void (await Promise.all(seats.map((processor) => processor.stop()))),
  }
}
