import { setTimeout as delay } from 'node:timers/promises'
import { ProcessorProcess } from '../processes/processor-process.ts'
import type { KafkaLink } from './kafka-link.ts'

const restartMs = 500

export interface SeatOptions {
  readonly name: string
  readonly environment: Readonly<Record<string, string>>
  readonly link: KafkaLink
}

/**
 * A place that always holds a processor, as an orchestrator would see to: one that ends, by a fault or because it gave
 * up, is followed by another one under the same name.
 */
export class Seat {
  readonly name: string
  readonly link: KafkaLink
  /** Why processors ended by themselves: error codes. */
  readonly crashes: string[] = []
  readonly #environment: Readonly<Record<string, string>>
  #process: ProcessorProcess | undefined
  #isWanted = false
  #supervision: Promise<void> = Promise.resolve()

  constructor({ name, environment, link }: SeatOptions) {
    this.name = name
    this.link = link
    this.#environment = {
      ...environment,
      VALENCE_KAFKA_BROKERS: link.brokers,
      VALENCE_KAFKA_INSTANCE_ID: name,
    }
  }

  get process(): ProcessorProcess | undefined {
    return this.#process
  }

  get isTaken(): boolean {
    return this.#isWanted
  }

  async start(): Promise<this> {
    this.#isWanted = true
    const first = new ProcessorProcess(this.#environment)
    this.#supervision = this.#supervise(first)
    await first.started()
    return this
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.signal(signal)
  }

  /** A graceful stop that stays: scaling down. Resolves with the exit code. */
  async leave(): Promise<number | null> {
    this.#isWanted = false
    const code = (await this.#process?.stop()) ?? null
    await this.#supervision
    return code
  }

  async #supervise(first: ProcessorProcess): Promise<void> {
    let process = first
    for (;;) {
      this.#process = process
      const { code, signal } = await process.exited
      if (!this.#isWanted) return
      if (signal !== 'SIGKILL' && code !== 0) this.crashes.push(reasonOf(process))
      await delay(restartMs)
      if (!this.#isWanted) return
      process = new ProcessorProcess(this.#environment)
    }
  }
}

function reasonOf({ log, exited }: ProcessorProcess): string {
  const last = log.findLast(({ code }) => typeof code === 'string')
  return last === undefined ? `unexplained: ${JSON.stringify(log.at(-1) ?? String(exited))}` : String(last.code)
}
