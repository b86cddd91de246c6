import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { createKafka } from '@valence/producer-sdk/kafka'

/** Prints what connected producers that have nothing to do cost in a second. */
interface Options {
  readonly brokers: string
  readonly clients: number
  readonly measureMs: number
  readonly overlay: boolean
}

export interface IdleCost {
  /** Turns of the event loop a second. */
  readonly turns: number
  readonly cpuMs: number
}

const { brokers, clients, measureMs, overlay } = JSON.parse(process.argv[2] ?? '') as Options

const producers = Array.from({ length: clients }, () => createKafka({ brokers, clientId: 'idle', overlay }).producer())
await Promise.all(producers.map((producer) => producer.connect()))

const turns = () => performance.nodeTiming.uvMetricsInfo.loopCount
// What connecting leaves behind is not idleness.
await delay(500)
const [turnsBefore, cpuBefore] = [turns(), process.cpuUsage()]
await delay(measureMs)
const cpu = process.cpuUsage(cpuBefore)
const seconds = measureMs / 1_000
const cost: IdleCost = {
  turns: (turns() - turnsBefore) / seconds,
  cpuMs: (cpu.user + cpu.system) / 1_000 / seconds,
}

await Promise.all(producers.map((producer) => producer.disconnect()))
process.stdout.write(JSON.stringify(cost))
