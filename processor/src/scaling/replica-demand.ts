/** What one partition asks for. */
export interface PartitionLoad {
  readonly topic: string
  readonly partition: number
  readonly arrivalsPerSecond: number
  readonly lag: number
}

/** A partition that asks for more than one replica can do. No number of replicas helps it; other keys do. */
export interface HotPartition {
  readonly topic: string
  readonly partition: number
  /** Its demand in replicas; above 1. */
  readonly replicas: number
}

/** Beyond this multiple of the usual demand, a partition is hot rather than one of many that are behind. */
const hotFactor = 3

export interface ReplicaDemand {
  /** Replicas that keep up with arrivals and drain the lag in time; a partition counts for one at most. */
  readonly replicas: number
  readonly hot: readonly HotPartition[]
}

/**
 * @param capacity texts per second of one replica
 * @param drainSeconds in which the lag of a partition is to be gone
 * @param utilisation share of the capacity that arrivals may take
 */
export function demandFor(
  loads: readonly PartitionLoad[],
  capacity: number,
  drainSeconds: (load: PartitionLoad) => number,
  utilisation = 1,
): ReplicaDemand {
  const demands = loads.map((load) => (load.arrivalsPerSecond / utilisation + load.lag / drainSeconds(load)) / capacity)
  const usual = median(demands)
  const hot = loads.flatMap(({ topic, partition }, index) => {
    const replicas = demands[index] ?? 0
    return replicas > 1 && replicas > hotFactor * usual ? [{ topic, partition, replicas }] : []
  })
  return { replicas: demands.reduce((sum, demand) => sum + Math.min(1, demand), 0), hot }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
