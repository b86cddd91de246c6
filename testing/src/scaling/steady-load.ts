import { setTimeout as delay } from 'node:timers/promises'
import type { AcknowledgedText } from '../counting/invariants.ts'
import { inventTexts, type TestKafka, type TestTopics } from '../counting/workload.ts'

const tickMs = 100

/** Texts at a pace that can be changed while they flow; remembers when each was acknowledged. */
export class SteadyLoad {
  readonly sent: AcknowledgedText[] = []
  /** id → epoch milliseconds at which it was sent. */
  readonly sentAt = new Map<string, number>()
  textsPerSecond: number
  readonly #kafka: TestKafka
  readonly #topics: TestTopics
  readonly #texts = inventTexts(200_000, 400)
  readonly #running: Promise<void>
  #isStopped = false

  constructor(kafka: TestKafka, topics: TestTopics, textsPerSecond: number) {
    this.#kafka = kafka
    this.#topics = topics
    this.textsPerSecond = textsPerSecond
    this.#running = this.#run()
  }

  /** Ends the load; resolves once all that was sent is acknowledged. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    let owed = 0
    let last = Date.now()
    while (!this.#isStopped) {
      await delay(tickMs)
      const now = Date.now()
      owed += ((now - last) / 1_000) * this.textsPerSecond
      last = now
      const texts = this.#texts.slice(this.sent.length, this.sent.length + Math.floor(owed))
      if (texts.length === 0) continue
      owed -= texts.length
      for (const { id } of texts) this.sentAt.set(id, now)
      await this.#kafka.produce(this.#topics.input, texts)
      this.sent.push(...texts)
    }
  }
}
