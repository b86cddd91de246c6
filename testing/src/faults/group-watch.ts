import { setTimeout as delay } from 'node:timers/promises'
import type { Scene } from './scene.ts'
import type { Seat } from './seat.ts'

const everyMs = 250
/** Half a session: what lies between an answer of the group and one of a processor on a busy machine. */
const graceMs = 3_000

interface Sight {
  /** What keeps a processor from being ready and in the group, undefined where nothing does. */
  readonly trouble: string | undefined
  /** Processors that say they are ready while the group does not have them. */
  readonly strangers: readonly string[]
}

/** Compares what `/readyz` of each processor says with the members that the group itself lists. */
export class GroupWatch {
  readonly #scene: Scene
  readonly #untruths: string[] = []
  readonly #strangerSince = new Map<string, number>()
  readonly #running: Promise<void>
  #isOver = false

  constructor(scene: Scene) {
    this.#scene = scene
    this.#running = this.#run()
    // Awaited in end(); a failure before that must not end the process.
    this.#running.catch(() => undefined)
  }

  /** What readiness said that was not so. */
  get untruths(): readonly string[] {
    return this.#untruths
  }

  accuse(untruth: string): void {
    this.#untruths.push(untruth)
  }

  /** Resolves once every processor is ready and a member, or at the deadline with what was wrong then. */
  async settled(deadline: number): Promise<string | undefined> {
    for (;;) {
      const { trouble } = await this.#look()
      if (trouble === undefined || Date.now() > deadline) return trouble
      await delay(everyMs)
    }
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const { strangers } = await this.#look()
      for (const name of this.#strangerSince.keys()) if (!strangers.includes(name)) this.#strangerSince.delete(name)
      for (const name of strangers) this.#note(name)
      await delay(everyMs)
    }
  }

  #note(name: string): void {
    const now = Date.now()
    const since = this.#strangerSince.get(name) ?? now
    this.#strangerSince.set(name, since)
    if (now - since < graceMs) return
    this.accuse(`${name} said that it is ready, and the group had not had it for ${now - since} ms`)
    // Once for each time it left.
    this.#strangerSince.set(name, Number.POSITIVE_INFINITY)
  }

  async #look(): Promise<Sight> {
    const seats = this.#scene.seats.filter(({ isTaken }) => isTaken)
    const members = await membersOf(this.#scene)
    const ready = await Promise.all(seats.map(isReady))
    const isMember = ({ name }: Seat) => members?.some((id) => id.startsWith(`${name}-`))
    const strangers = members === undefined ? [] : seats.filter((seat, at) => ready[at] && !isMember(seat))
    const unready = seats.filter((_, at) => !ready[at])
    const trouble =
      members === undefined
        ? 'the group is not stable'
        : [...unready.map(({ name }) => `${name} is not ready`), ...strangers.map(({ name }) => `${name} is no member`)]
    return { trouble: trouble.length === 0 ? undefined : String(trouble), strangers: strangers.map(({ name }) => name) }
  }
}

/** Ids of the members, which begin with their instance ids; undefined while the group or its coordinator changes. */
async function membersOf({ kafka, topics }: Scene): Promise<readonly string[] | undefined> {
  const described = kafka.admin.describeGroups([topics.groupId]).catch(() => undefined)
  const group = (await Promise.race([described, delay(2_000, undefined, { ref: false })]))?.groups[0]
  const isSettled = group?.state === 'Stable' || group?.state === 'Empty' || group?.state === 'Dead'
  return isSettled ? group.members.map(({ memberId }) => memberId) : undefined
}

async function isReady({ process }: Seat): Promise<boolean> {
  const port = process?.adminPort
  if (!port) return false
  const answer = fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1_000) })
  return answer.then(
    async (response) => {
      await response.body?.cancel()
      return response.ok
    },
    () => false,
  )
}
