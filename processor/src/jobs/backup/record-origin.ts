import { framedPayload, headerNames, headerText, scoredEventAvro, scoredEventJson } from '@valence/schemas'
import type { KafkaRecord } from '../../kafka/record.ts'

/** The input record that a result or a dead letter was made of. */
export interface Origin {
  readonly topic: string
  readonly partition: number
  readonly offset: string
}

/** A record that is no scored event of ours is kept as it is. */
export function originOfScore({ value }: KafkaRecord): Origin | undefined {
  if (value === null) return undefined
  try {
    const event = value[0] === 0 ? scoredEventAvro.decode(framedPayload(value)) : scoredEventJson.parse(value)
    return event.origin ?? undefined
  } catch {
    return undefined
  }
}

/** Undefined where the headers of a dead letter are missing. */
export function originOfLetter({ headers }: KafkaRecord): Origin | undefined {
  const [topic, partition, offset] = [
    headerNames.originTopic,
    headerNames.originPartition,
    headerNames.originOffset,
  ].map((name) => headerText(headers, name))
  if (topic === undefined || partition === undefined || offset === undefined) return undefined
  return { topic, partition: Number(partition), offset }
}
