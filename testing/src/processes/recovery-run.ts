import { setTimeout as delay } from 'node:timers/promises'
import { compareOutput, type ExactlyOnceReport } from '../counting/invariants.ts'
import { inventTexts, type TestKafka } from '../counting/workload.ts'
import type { ReadRecord } from '../kafka/independent-reader.ts'
import { readCommitted } from '../kafka/independent-reader.ts'
import { ProcessorProcess } from './processor-process.ts'

export interface RecoveryOptions {
  /** Of the two processors. */
  readonly environmentOf: (seat: number) => Readonly<Record<string, string>>
  /** Undefined: the victim stays away. */
  readonly restartAfterMs: number | undefined
}

export interface Recovery {
  /** On the partition that waited longest: the last output before the kill to the first after it. */
  readonly recoveredMs: number
  readonly report: ExactlyOnceReport
}

const warmUpMs = 3_000
const longestMs = 25_000
const everyMs = 100
const partitions = 6

/** Kills one of two processors with SIGKILL under an even load on all partitions, and measures the gap in the output. */
export async function recoverFromKill(kafka: TestKafka, options: RecoveryOptions): Promise<Recovery> {
  const topics = await kafka.createTopics({ partitions })
  const start = (seat: number) =>
    new ProcessorProcess({ ...topics.environment, ...options.environmentOf(seat) }).started()
  const processors = await Promise.all([0, 1].map(start))
  const texts = inventTexts((20 * (warmUpMs + 4 * longestMs)) / everyMs)
  let sent = 0
  let isFed = true
  async function feed(): Promise<void> {
    while (isFed) {
      await Promise.all([kafka.produce(topics.input, texts.slice(sent, sent + 20)), delay(everyMs)])
      sent += 20
    }
  }
  const feeding = feed()
  await assignedToBoth(processors)
  await outputAfter(kafka, topics.output, Date.now())
  await delay(warmUpMs)
  const killedAt = Date.now()
  await processors[0]?.kill()
  if (options.restartAfterMs !== undefined) {
    await delay(options.restartAfterMs)
    processors[0] = await start(0)
  }
  await outputAfter(kafka, topics.output, killedAt)
  isFed = false
  await feeding
  await kafka.drained(topics)
  const output = await readCommitted(kafka.brokers, topics.output)
  await Promise.all(processors.map((processor) => processor.kill()))
  return { recoveredMs: longestGapMs(output, killedAt), report: compareOutput(texts.slice(0, sent), output) }
}

async function assignedToBoth(processors: readonly ProcessorProcess[]): Promise<void> {
  for (;;) {
    const assigned = await Promise.all(processors.map((each) => each.metric('valence_kafka_assigned_partitions')))
    if (assigned.every((count) => count === partitions / processors.length)) return
    await delay(100)
  }
}

/** Resolves when every partition has had committed output since. */
async function outputAfter(kafka: TestKafka, topic: string, since: number): Promise<void> {
  const giveUpAt = Date.now() + longestMs
  while (Date.now() < giveUpAt) {
    await delay(1_000)
    const output = await readCommitted(kafka.brokers, topic)
    const resumed = new Set(output.filter(({ timestamp }) => timestamp > since + 500).map(({ partition }) => partition))
    if (resumed.size === partitions) return
  }
}

function longestGapMs(output: readonly ReadRecord[], at: number): number {
  const byPartition = Map.groupBy(output, ({ partition }) => partition)
  return Math.max(
    ...[...byPartition.values()].map((records) => {
      const times = records.map(({ timestamp }) => timestamp)
      return Math.min(...times.filter((time) => time > at)) - Math.max(...times.filter((time) => time <= at))
    }),
  )
}
