import type { KafkaJsError, ProducerIdentity } from './internals.ts'
import type { PartitionRecords } from './partition-plan.ts'
import { processWide } from './process-wide.ts'

/** What kafkajs reports for each partition that was written. */
export interface Acknowledgement {
  readonly topicName: string
  readonly partition: number
  readonly errorCode: number
  readonly baseOffset?: string
}

export interface ProduceResponse {
  readonly topics: readonly {
    readonly topicName: string
    readonly partitions: readonly Omit<Acknowledgement, 'topicName'>[]
  }[]
}

/** The records for one partition on their way: under which sequence numbers, and whether they arrived. */
export interface ProduceBatch extends PartitionRecords {
  readonly identity: ProducerIdentity & { readonly firstSequence: number }
  acknowledgement?: Acknowledgement
}

/** DUPLICATE_SEQUENCE_NUMBER: the broker has the batch already, from a try whose answer was lost. */
const duplicateSequenceNumber = 46
const noError = 0

export function acknowledgementsOf({ topics }: ProduceResponse): Acknowledgement[] {
  return topics.flatMap(({ topicName, partitions }) => partitions.map((partition) => ({ topicName, ...partition })))
}

export interface FailedBatch {
  readonly topic: string
  /** Null where the broker was silent. */
  readonly errorCode: number | null
}

/** Marks what the broker acknowledged; returns the batches that failed. */
export function settle(batches: readonly ProduceBatch[], answers: readonly Acknowledgement[]): FailedBatch[] {
  return batches.flatMap((batch): FailedBatch[] => {
    const answer = answers.find((own) => own.topicName === batch.topic && own.partition === batch.partition)
    const { topic } = batch
    if (!answer) return [{ topic, errorCode: null }]
    if (answer.errorCode !== noError && answer.errorCode !== duplicateSequenceNumber) {
      return [{ topic, errorCode: answer.errorCode }]
    }
    batch.acknowledgement = answer
    return []
  })
}

const acknowledgements = processWide('acknowledgements', () => new WeakMap<object, readonly Acknowledgement[]>())

/** Notes on the error of a send what was written all the same. */
export function rememberAcknowledged(error: unknown, batches: readonly ProduceBatch[]): void {
  if (typeof error !== 'object' || error === null) return
  acknowledgements.set(
    error,
    batches.flatMap(({ acknowledgement }) => acknowledgement ?? []),
  )
}

export function acknowledgementsBefore(error: unknown): readonly Acknowledgement[] {
  return typeof error === 'object' && error !== null ? (acknowledgements.get(error) ?? []) : []
}

export function isRetriable(error: unknown): boolean {
  return (error as KafkaJsError).retriable === true
}

/** One that cannot be retried, if there is one: retrying the others would not make the send whole. */
export function mostSevere(failures: readonly unknown[]): unknown {
  return failures.find((error) => !isRetriable(error)) ?? failures[0]
}
