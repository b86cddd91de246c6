import { runScript } from '@valence/testing/kafkajs/run-script'
import { describe, expect, it } from 'vitest'
import type { Producer, Transaction } from '../../src/kafka/index.ts'
import { brokers, createClient, createTopic, readValues, uniqueName } from '../support/real-kafka.ts'

const last = 'end'

/** Producers whose transactions overlap in one partition, step by step, so that every run has the same log. */
class Interleaving {
  readonly committed: string[] = []
  readonly #topic: string
  readonly #producers = new Map<string, Producer>()
  readonly #open = new Map<string, { transaction: Transaction; values: string[] }>()
  #count = 0

  constructor(topic: string) {
    this.#topic = topic
  }

  /** `a`: producer a writes a record; `+a` and `-a`: it commits and aborts. */
  async play(steps: string): Promise<void> {
    for (const step of steps.split(' ')) {
      if (/^[+-]/.test(step)) await this.#end(step.slice(1), step.startsWith('+'))
      else await this.#write(step)
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#producers.values()].map((producer) => producer.disconnect()))
  }

  async #write(name: string): Promise<void> {
    const open = this.#open.get(name) ?? { transaction: await (await this.#producer(name)).transaction(), values: [] }
    this.#open.set(name, open)
    const value = `${name}${this.#count++}`
    open.values.push(value)
    await open.transaction.send({ topic: this.#topic, messages: [{ value, partition: 0 }] })
  }

  async #end(name: string, isCommit: boolean): Promise<void> {
    const open = this.#open.get(name)
    if (!open) throw new Error(`${name} has no transaction`)
    this.#open.delete(name)
    if (isCommit) this.committed.push(...open.values)
    await (isCommit ? open.transaction.commit() : open.transaction.abort())
  }

  async #producer(name: string): Promise<Producer> {
    const known = this.#producers.get(name)
    if (known) return known
    const producer = createClient().producer({ transactionalId: uniqueName(name), transactionTimeout: 30_000 })
    this.#producers.set(name, producer)
    await producer.connect()
    return producer
  }
}

function leaked(values: readonly string[], committed: readonly string[]): string[] {
  return values.filter((value) => value !== last && !committed.includes(value))
}

describe('F: aborted transactions of several producers in one partition', () => {
  it('stay hidden from read-committed consumers, as an independent client sees it; stock kafkajs shows some', async () => {
    const topic = await createTopic()
    const run = new Interleaving(topic)
    // Transactions that begin first and end last, and several that begin between two records of another.
    const round = 'a b b c -b a d -c -a d +d a b c d +b -d -c +a'
    await run.play(Array.from({ length: 12 }, () => round).join(' '))
    await run.close()
    const marker = createClient().producer()
    await marker.connect()
    await marker.send({ topic, messages: [{ value: last, partition: 0 }] })
    await marker.disconnect()

    const independent = await readValues(topic)
    expect(leaked(independent as string[], run.committed)).toEqual([])
    expect(independent).toHaveLength(run.committed.length + 1)

    const [own, stock] = await Promise.all(
      [true, false].map((overlay) =>
        runScript<string[]>(new URL('../support/read-topic.script.ts', import.meta.url), {
          brokers: brokers(),
          topic,
          last,
          overlay,
        }),
      ),
    )
    expect(own).toEqual(independent)
    expect(leaked(stock ?? [], run.committed).length).toBeGreaterThan(0)
  })
})
