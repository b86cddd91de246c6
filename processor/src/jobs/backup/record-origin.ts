import { framedPayload, headerNames, headerText, scoredEventAvro, scoredEventJson } from '@valence/schemas'
import type { KafkaRecord } from '../../kafka/record.ts'

/** The input record of a result or a dead letter. */
export interface Origin {
  readonly topic: string
  readonly partition: number
  readonly offset: string
}

/** Origin of a result; undefined if the record is no scored event of Valence. */
export function originOfScore({ value }: KafkaRecord): Origin | undefined {
  if (value === null) return undefined
  try {
    const event = value[0] === 0 ? scoredEventAvro.decode(framedPayload(value)) : scoredEventJson.parse(value)
    return event.origin ?? undefined
  } catch {
    return undefined
  }
}

/** Origin of a dead letter; undefined if its headers are missing. */
export function originOfLetter({ headers }: KafkaRecord): Origin | undefined {
  const [topic, partition, offset] = [
    headerNames.originTopic,
    headerNames.originPartition,
    headerNames.originOffset,
  ].map((name) => headerText(headers, name))
  if (topic === undefined || partition === undefined || offset === undefined) return undefined
  return { topic, partition: Number(partition), offset }
}
