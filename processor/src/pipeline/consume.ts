import type { Assignment, RecordSource } from '../kafka/record-source.ts'
import { partitionName, type TopicPartition } from '../kafka/topic-partition.ts'
import type { Standstill } from './partition-progress.ts'
import { PartitionTask, type PartitionTaskContext } from './partition-task.ts'
import { StandstillWatch } from './standstill-watch.ts'

/** The Kafka way, top to bottom: consume → decode → score-batch → encode → commit. */
export interface Pipeline {
  /** Joins the group and processes until stopped. @throws VAL_KAFKA_* */
  start(): Promise<void>
  /**
   * The group has been joined, each partition was taken once, and nothing failed since. Where a group begins at the end
   * of a log, what is produced before a partition is taken may come before that end.
   */
  isReady(): boolean
  /** The group still counts on this processor: a heartbeat was answered within the session timeout. */
  isMember(): boolean
  /** A partition was seen with or without a leader. */
  led(partition: TopicPartition, isLed: boolean): void
  /** The partitions that have work to do and do not get on with it. */
  standstills(): readonly Standstill[]
  /** Stop reading → finish and commit what was begun, within `drainMs` → leave the group. */
  stop(options: { drainMs: number; leaveGroup: boolean }): Promise<{ drained: boolean }>
}

export interface PipelineOptions extends Omit<PartitionTaskContext, 'source' | 'onFatal'> {
  readonly source: RecordSource
  /** The memory of the fetched records of all partitions. */
  readonly heldBytes: () => number
  /** Crash only: the process logs why, turns unready and exits; a restart is free. */
  readonly onFatal: (error: Error) => void
}

const lookMs = 1_000

/** Hands each assigned partition to a task of its own and each fetched batch to its partition. */
export function createPipeline(options: PipelineOptions): Pipeline {
  const { source, metrics, logger } = options
  const tasks = new Map<string, PartitionTask>()
  const released = new Set<Promise<void>>()
  let ready = false
  let stopping = false

  function fail(error: Error): void {
    ready = false
    if (!stopping) options.onFatal(error)
  }

  const standstills = () => [...tasks.values()].flatMap(({ standstill }) => standstill ?? [])
  const watch = new StandstillWatch({ find: standstills, metrics, logger })
  let looking: NodeJS.Timeout | undefined

  function look(): void {
    watch.look()
    metrics.pipeline.heldBytes.set(options.heldBytes())
  }

  const context: PartitionTaskContext = { ...options, onFatal: fail }

  function releaseMissing(names: ReadonlySet<string>): void {
    for (const [name, task] of tasks) {
      if (names.has(name)) continue
      tasks.delete(name)
      const ending = task.release().finally(() => released.delete(ending))
      released.add(ending)
    }
  }

  function takeAssignment({ partitions, joinMs, isNewMember }: Assignment): void {
    if (stopping) return
    releaseMissing(new Set(partitions.map(partitionName)))
    for (const partition of partitions) {
      const name = partitionName(partition)
      const task = tasks.get(name)
      if (task === undefined || task.ended) tasks.set(name, begin(partition))
      else if (isNewMember) task.takeAgain()
      else task.retained()
    }
    metrics.kafka.rebalances.inc()
    metrics.kafka.rebalancePauses.observe(joinMs / 1_000)
    metrics.kafka.partitions.set(partitions.length)
    logger.info({ partitions: partitions.map(partitionName) }, 'partitions assigned')
  }

  function begin(partition: TopicPartition): PartitionTask {
    const task = new PartitionTask(partition, context)
    task.start()
    return task
  }

  async function drain(drainMs: number): Promise<boolean> {
    const { promise: late, resolve } = Promise.withResolvers<false>()
    const timer = setTimeout(resolve, drainMs, false)
    const finished = Promise.all([...[...tasks.values()].map((task) => task.drain()), ...released])
    const drained = await Promise.race([finished.then(() => true), late])
    clearTimeout(timer)
    return drained
  }

  return {
    async start() {
      await source.start({
        onAssigned: takeAssignment,
        onBatch(batch) {
          const task = tasks.get(partitionName(batch))
          if (task === undefined) batch.release?.()
          else task.push(batch)
        },
        isBehind: (partition) => tasks.get(partitionName(partition))?.isBehind ?? false,
        onUnreadable: (partition, error) => tasks.get(partitionName(partition))?.halt(error),
        onFatal: fail,
      })
      ready = true
      looking = setInterval(look, lookMs).unref()
    },
    isReady: () => ready && [...tasks.values()].every(({ ended, isTaken }) => ended || isTaken),
    led: (partition, isLed) => tasks.get(partitionName(partition))?.progress.led(isLed),
    isMember: () => source.isMember(),
    standstills,
    async stop({ drainMs, leaveGroup }) {
      ready = false
      stopping = true
      clearInterval(looking)
      const drained = await drain(drainMs)
      releaseMissing(new Set())
      await source.stop({ leaveGroup })
      return { drained }
    },
  }
}
