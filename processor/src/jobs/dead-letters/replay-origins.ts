import { type Admin, kafkaErrors } from '@valence/producer-sdk/kafka'
import { type ErrorCode, isValenceError, type ValenceError } from '@valence/schemas'
import type { OutgoingRecord } from '../../kafka/record.ts'

/** Dead letters that one origin topic refused with one error code. */
export interface RefusedLetters {
  readonly topic: string
  readonly code: ErrorCode
  /** `PARTITION:OFFSET` in the dead-letter topic. */
  readonly letters: string[]
}

/** True if the record or its topic is at fault: other records of the run can still be sent. */
export function isRefusal(error: unknown): error is ValenceError {
  return isValenceError(error) && (error.deadLetter || error.row.scope === 'topic')
}

/** Caches the partition counts of origin topics and collects the letters they refused. */
export class ReplayOrigins {
  readonly #admin: Pick<Admin, 'fetchTopicMetadata'>
  readonly #partitions = new Map<string, Promise<number | ErrorCode>>()
  readonly #refused = new Map<string, RefusedLetters>()

  constructor(admin: Pick<Admin, 'fetchTopicMetadata'>) {
    this.#admin = admin
  }

  /** Undefined if the partition exists. @throws VAL_KAFKA_* if the cluster does not answer */
  async refusalOf({ topic, partition }: Pick<OutgoingRecord, 'topic' | 'partition'>): Promise<ErrorCode | undefined> {
    const known = this.#partitions.get(topic) ?? this.#look(topic)
    this.#partitions.set(topic, known)
    const found = await known
    if (typeof found === 'string') return found
    return partition < found ? undefined : 'VAL_KAFKA_TOPIC_MISSING'
  }

  refuse(topic: string, code: ErrorCode, letter: string): void {
    const key = `${topic} ${code}`
    const refused = this.#refused.get(key) ?? { topic, code, letters: [] }
    refused.letters.push(letter)
    this.#refused.set(key, refused)
  }

  get refused(): readonly RefusedLetters[] {
    return [...this.#refused.values()]
  }

  async #look(topic: string): Promise<number | ErrorCode> {
    try {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]?.partitions.length ?? 0
    } catch (cause) {
      const error = kafkaErrors.toValenceError(cause, 'VAL_KAFKA_UNREACHABLE')
      if (isRefusal(error)) return error.code
      throw error
    }
  }
}
