import { calibration } from './calibration.ts'

/** What happens to the group from outside. Times are whole seconds. */
export interface Scenario {
  readonly name: string
  readonly partitions: number
  readonly seconds: number
  /** Texts per second that producers send, over all partitions. */
  arrivals(second: number): number
  /** Share of one partition in the arrivals; equal shares where absent. */
  share?(partition: number, second: number): number
  /** Texts that wait when it begins. */
  readonly backlog?: number
  /** Seconds in which no broker answers. Producers keep what they have and send it afterwards. */
  readonly outage?: readonly [from: number, to: number]
  /** What one replica does, relative to the calibrated capacity. */
  pace?(second: number): number
  /** Replicas that vanish: second → share of those running. */
  readonly losses?: Readonly<Record<number, number>>
  readonly minReplicas: number
}

const hour = 3_600

/** Load in replicas' worth, so that a scenario means the same on any number of partitions. */
function scaled(partitions: number, load: (second: number) => number) {
  return (second: number) => load(second) * partitions * calibration.capacity
}

const between = (second: number, from: number, to: number) => second >= from && second < to

function build(name: string, partitions: number, seconds: number, load: (second: number) => number): Scenario {
  return { name: `${name}, ${partitions}`, partitions, seconds, arrivals: scaled(partitions, load), minReplicas: 1 }
}

const flat = (partitions: number) => build('flat', partitions, 2 * hour, () => 0.3)
const daily = (partitions: number) =>
  build('daily', partitions, 24 * hour, (second) => 0.35 - 0.28 * Math.cos((2 * Math.PI * second) / (24 * hour)))
const burst = (partitions: number) =>
  build('burst ×10', partitions, 2 * hour, (second) => (between(second, hour, hour + 600) ? 0.8 : 0.08))
const ramp = (partitions: number) =>
  build('ramp', partitions, 3 * hour, (second) => 0.05 + (0.8 * Math.min(second, 2 * hour)) / (2 * hour))
const hotKey = (partitions: number): Scenario => ({
  ...build('hot key', partitions, 2 * hour, () => 0.25),
  share: (partition, second) => {
    // For 20 minutes a third of all texts has one key.
    const hot = between(second, hour, hour + 1_200) ? 1 / 3 : 0
    return (partition === 0 ? hot : 0) + (1 - hot) / partitions
  },
})
const outage = (partitions: number): Scenario => ({
  ...build('broker outage', partitions, 2 * hour, () => 0.3),
  outage: [hour, hour + 300],
})
const slowModel = (partitions: number): Scenario => ({
  ...build('slow model', partitions, 2 * hour, () => 0.3),
  pace: (second) => (between(second, hour, hour + 1_800) ? 0.5 : 1),
})
const spotLoss = (partitions: number): Scenario => ({
  ...build('spot loss', partitions, 2 * hour, () => 0.3),
  losses: { 2400: 0.5, 4800: 0.5 },
})
const backlog = (partitions: number): Scenario => ({
  ...build('backlog of 10 million', partitions, 4 * hour, () => 0.2),
  backlog: 10_000_000,
})

const shapes = [flat, daily, burst, ramp, hotKey, outage, slowModel, spotLoss, backlog]

/** Every shape on 3, 12, 64 and 512 partitions; 0.8 of 512 replicas is 446,000 texts a second. */
export const scenarios: readonly Scenario[] = [3, 12, 64, 512].flatMap((partitions) =>
  shapes.map((shape) => shape(partitions)),
)
