/** The load of one partition. */
export interface PartitionLoad {
  readonly topic: string
  readonly partition: number
  readonly arrivalsPerSecond: number
  readonly lag: number
}

/** A partition with more load than one replica can process. More replicas do not help; spreading its keys does. */
export interface HotPartition {
  readonly topic: string
  readonly partition: number
  /** Demand in replicas; above 1. */
  readonly replicas: number
}

/** Above this multiple of the median demand, a partition is hot; below it, the whole group is behind. */
const hotFactor = 3

export interface ReplicaDemand {
  /** Replicas needed to process arrivals and drain the lag in time; a partition counts for at most one. */
  readonly replicas: number
  readonly hot: readonly HotPartition[]
}

/**
 * @param capacity texts per second of one replica
 * @param drainSeconds allowed time to drain the lag of a partition
 * @param utilisation maximum share of the capacity for arrivals
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
