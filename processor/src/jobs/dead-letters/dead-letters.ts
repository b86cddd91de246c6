import type { Admin } from '@valence/producer-sdk/kafka'
import { type DeadLetter, isValenceError, readDeadLetter, type ValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { fetchWholeLogs } from '../../kafka/log-ranges.ts'
import type { KafkaRecord, RecordBatch } from '../../kafka/record.ts'
import type { PartitionRange } from '../../kafka/topic-reader.ts'
import { readRanges } from '../read-ranges.ts'

/** Selects dead letters. Times are epoch milliseconds of the failure; `until` is exclusive. */
export interface LetterFilter {
  readonly codes: ReadonlySet<string> | undefined
  readonly since: number
  readonly until: number
}

/** A record of the dead-letter topic; `letter` is an error if the record is not a dead letter of Valence. */
export interface FoundLetter {
  readonly partition: number
  readonly record: KafkaRecord
  readonly letter: DeadLetter | ValenceError
}

export function matches({ codes, since, until }: LetterFilter, letter: DeadLetter): boolean {
  return (codes === undefined || codes.has(letter.code)) && letter.failedAt >= since && letter.failedAt < until
}

export function toFoundLetter(partition: number, record: KafkaRecord): FoundLetter {
  try {
    return { partition, record, letter: readDeadLetter(record) }
  } catch (error) {
    if (!isValenceError(error)) throw error
    return { partition, record, letter: error }
  }
}

/** The committed part of each partition of the dead-letter topic, as it is now. @throws VAL_KAFKA_* */
export async function letterRanges(admin: Admin, topic: string): Promise<PartitionRange[]> {
  const logs = await fetchWholeLogs(admin, topic)
  return logs.map(({ partition, low, high }) => ({ partition, from: low, to: high }))
}

/** Reads ranges of the dead-letter topic. @throws VAL_KAFKA_* */
export function readLetters(config: Config, ranges: readonly PartitionRange[]): AsyncGenerator<RecordBatch> {
  return readRanges(config, 'dlq', config.deadLetterTopic, ranges)
}
