import { setTimeout as delay } from 'node:timers/promises'
import type { AcknowledgedText } from '../counting/invariants.ts'
import type { TestKafka, TestTopics, TextEncoding } from '../counting/workload.ts'
import { knownTexts } from './known-texts.ts'

const chunk = 150
const everyMs = 200
/** With so much unread the processors have enough to do. */
const farAhead = 4_000
const most = 200_000

export interface FeederOptions {
  readonly distinctTexts?: number | undefined
  /** By default JSON. */
  readonly encode?: TextEncoding | undefined
}

/** Produces known texts at an even pace, and waits while the processors are far behind. */
export class Feeder {
  readonly #kafka: TestKafka
  readonly #topics: TestTopics
  readonly #sent: AcknowledgedText[] = []
  readonly #texts: readonly AcknowledgedText[]
  readonly #running: Promise<void>
  #enough: number | undefined

  readonly #encode: TextEncoding | undefined

  constructor(kafka: TestKafka, topics: TestTopics, { distinctTexts, encode }: FeederOptions = {}) {
    this.#kafka = kafka
    this.#topics = topics
    this.#texts = knownTexts(most, distinctTexts)
    this.#encode = encode
    this.#running = this.#run()
    // Awaited in finish(); a failure before that must not end the process.
    this.#running.catch(() => undefined)
  }

  /** What the broker has acknowledged, once it is at least so much. */
  async finish(records: number): Promise<readonly AcknowledgedText[]> {
    this.#enough = records
    await this.#running
    return this.#sent
  }

  async #run(): Promise<void> {
    while (this.#enough === undefined || this.#sent.length < this.#enough) {
      // Once there are no more faults, the pace is the processors' own.
      const pace = delay(this.#enough === undefined ? everyMs : 10)
      if ((await this.#behind()) < farAhead) await this.#produce()
      await pace
    }
  }

  #behind(): Promise<number> {
    return this.#kafka.remaining(this.#topics).catch(() => Number.POSITIVE_INFINITY)
  }

  async #produce(): Promise<void> {
    const texts = this.#texts.slice(this.#sent.length, this.#sent.length + chunk)
    if (texts.length === 0) throw new Error(`more than ${most} texts would be needed`)
    await this.#kafka.produce(this.#topics.input, texts, this.#encode)
    this.#sent.push(...texts)
  }
}
