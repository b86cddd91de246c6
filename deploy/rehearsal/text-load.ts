import { setTimeout as delay } from 'node:timers/promises'
import { createTextProducer } from '@valence/producer-sdk'

const tickMs = 100
const openings = ['Honestly', 'Today', 'Once more', 'After the update', 'On the train', 'At last']
const verdicts = ['the service was wonderful', 'it let me down', 'it arrived on time', 'it is broken again']

/** Produces texts at a constant rate and records the acknowledged ones. */
export class TextLoad {
  /** Ids in order of acknowledgement. */
  readonly acknowledged: string[] = []
  /** id → epoch milliseconds at which the broker acknowledged it. */
  readonly acknowledgedAt = new Map<string, number>()
  /** Number of failed sends. */
  failed = 0
  readonly #producer: ReturnType<typeof createTextProducer>
  readonly #textsPerSecond: number
  readonly #prefix: string
  #stopped = false
  #running: Promise<void> = Promise.resolve()

  constructor(brokers: string, topic: string, textsPerSecond: number, prefix = 'text') {
    this.#producer = createTextProducer({ brokers: brokers.split(','), topic, format: 'json' })
    this.#textsPerSecond = textsPerSecond
    this.#prefix = prefix
  }

  async start(): Promise<this> {
    await this.#producer.connect()
    this.#running = this.#run()
    return this
  }

  /** Resolves when every send is acknowledged or has failed. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#running
    await this.#producer.close()
  }

  async #run(): Promise<void> {
    let sent = 0
    const startedAt = Date.now()
    while (!this.#stopped) {
      const due = Math.floor(((Date.now() - startedAt) / 1_000) * this.#textsPerSecond)
      for (; sent < due; sent += 1) this.#send(sent)
      await delay(tickMs)
    }
  }

  #send(number: number): void {
    const id = `${this.#prefix}-${number}`
    const text = `${openings[number % openings.length]}, ${verdicts[number % verdicts.length]} (${number})`
    this.#producer.send({ id, text }, { key: `key-${number % 50}` }).then(
      () => {
        this.acknowledged.push(id)
        this.acknowledgedAt.set(id, Date.now())
      },
      () => {
        this.failed += 1
      },
    )
  }
}
