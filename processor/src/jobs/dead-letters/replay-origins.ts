import { type Admin, kafkaErrors } from '@valence/producer-sdk/kafka'
import { type ErrorCode, isValenceError, type ValenceError } from '@valence/schemas'
import type { OutgoingRecord } from '../../kafka/record.ts'

/** Dead letters that their origin does not take, by topic and reason. */
export interface RefusedLetters {
  readonly topic: string
  readonly code: ErrorCode
  /** `PARTITION:OFFSET` in the dead-letter topic. */
  readonly letters: string[]
}

/** The record or its topic is at fault, so other records of the same run may well be taken. */
export function isRefusal(error: unknown): error is ValenceError {
  return isValenceError(error) && (error.deadLetter || error.row.scope === 'topic')
}

/** What the topics that dead letters came from take, as far as that is known. */
export class ReplayOrigins {
  readonly #admin: Pick<Admin, 'fetchTopicMetadata'>
  readonly #partitions = new Map<string, Promise<number | ErrorCode>>()
  readonly #refused = new Map<string, RefusedLetters>()

  constructor(admin: Pick<Admin, 'fetchTopicMetadata'>) {
    this.#admin = admin
  }

  /** Undefined where the partition is there. @throws VAL_KAFKA_* where the cluster does not answer */
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
