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

/** Runs processors on static seats and SIGKILLs a random one again and again. Returns how often. */
export async function runWithKills(options: KillRunOptions): Promise<{ kills: number; stop: () => Promise<void> }> {
  const nameOf = (seat: number) => (options.named ? { VALENCE_KAFKA_INSTANCE_ID: `seat-${seat}` } : {})
  const start = (seat: number) => new ProcessorProcess({ ...options.environment, ...nameOf(seat) }).started()
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
  return { kills, stop: async () => void (await Promise.all(seats.map((processor) => processor.stop()))) }
}
