import { markdownTable } from '@valence/testing/counting/markdown-table'

import { effectiveReplicas, usefulCounts } from '../../src/scaling/replica-counts.ts'

/** What sizing takes from docs/lab/benchmarks.json. */
export interface Measured {
  readonly date: string
  readonly machine: { readonly cpu: string; readonly cores: number }
  readonly tokensPerText: number
  readonly processor: { readonly textsPerSecond: number; readonly cpuPerThousand: number }
}

/** What is not measured but chosen; each is named in the page. */
export const assumptions = {
  /** Price of a vCPU with its memory for an hour, in dollars; yours differs. */
  dollarsPerCoreHour: 0.04,
  /** Share of the capacity that the steady load may take. */
  utilisation: 0.7,
  /** How much the load may grow before partitions have to be added. */
  headroom: 2,
  /** Most partitions in one group that were simulated (docs/scale.md); nothing beyond was tried in any way. */
  maxPartitions: 512,
} as const

const rates = [100, 1_000, 10_000, 50_000, 100_000, 250_000, 500_000, 1_000_000]
/** Counts with many divisors, so that many numbers of processors share them evenly. */
const partitionSteps = [6, 12, 24, 36, 48, 60, 72, 96, 120, 180, 240, 360, 480]

export interface Sizing {
  readonly textsPerSecond: number
  /** Groups, each with topics of its own: in one cluster or in several. */
  readonly groups: number
  /** Of each group. */
  readonly partitions: number
  /** Of each group. */
  readonly replicas: number
  readonly cores: number
  readonly dollarsPerDay: number
}

/** CPU seconds for a million texts. */
export function cpuPerMillion({ processor }: Measured): number {
  return processor.cpuPerThousand * 1_000
}

export function dollarsPerMillion(measured: Measured): number {
  return (cpuPerMillion(measured) / 3_600) * assumptions.dollarsPerCoreHour
}

/** Replicas' worth of work for a rate, at the chosen utilisation. */
function neededReplicas(textsPerSecond: number, { processor }: Measured): number {
  return textsPerSecond / (processor.textsPerSecond * assumptions.utilisation)
}

export function sizeFor(textsPerSecond: number, measured: Measured): Sizing {
  const most = partitionSteps.at(-1) ?? assumptions.maxPartitions
  const groups = Math.ceil((neededReplicas(textsPerSecond, measured) * assumptions.headroom) / most)
  const needed = neededReplicas(textsPerSecond, measured) / groups
  const partitions = partitionSteps.find((step) => step >= needed * assumptions.headroom) ?? most
  const replicas =
    usefulCounts(partitions).find((count) => effectiveReplicas(count, partitions) >= needed) ?? partitions
  const cores = groups * replicas * measured.machine.cores
  return {
    textsPerSecond,
    groups,
    partitions,
    replicas,
    cores,
    dollarsPerDay: cores * 24 * assumptions.dollarsPerCoreHour,
  }
}

const count = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 0 })

/** The section `sizing` of docs/scale.md. */
export function sizingPage(measured: Measured): string {
  const { processor, machine, tokensPerText, date } = measured
  const { dollarsPerCoreHour, utilisation, headroom, maxPartitions } = assumptions
  const rows = rates.map((rate) => {
    const { groups, partitions, replicas, cores, dollarsPerDay } = sizeFor(rate, measured)
    return [count(rate), groups, partitions, replicas, count(cores), count(dollarsPerDay)].map(String)
  })
  const perGroup = (maxPartitions / headroom) * utilisation * processor.textsPerSecond
  return [
    `One processor with ${machine.cores} cores (${machine.cpu}, ${date.slice(0, 10)}) does ${count(processor.textsPerSecond)} texts/s of ` +
      `${tokensPerText.toFixed(1)} tokens, at ${processor.cpuPerThousand.toFixed(3)} CPU seconds per 1,000 texts.`,
    '',
    `**A million texts take ${count(cpuPerMillion(measured))} CPU seconds**, ${(cpuPerMillion(measured) / 3_600).toFixed(2)} core hours: ` +
      `$${dollarsPerMillion(measured).toFixed(3)} at $${dollarsPerCoreHour} per core hour, brokers and idle time not included.`,
    '',
    markdownTable(['texts/s', 'groups', 'partitions of each', 'processors of each', 'cores in all', '$ per day'], rows),
    '',
    `Chosen, not measured: the steady load takes ${100 * utilisation} % of the processors; there are partitions for ${headroom} times as many; ` +
      `$${dollarsPerCoreHour} per core hour. Cores are those of processors alone.`,
    '',
    `One group is given ${maxPartitions} partitions at most, because more were not even simulated: some ${count(perGroup)} texts/s with that room.`,
  ].join('\n')
}
