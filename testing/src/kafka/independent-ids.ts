import { readCommitted } from './independent-reader.ts'

/** The ids of the JSON records of a topic, by a client that is not ours. */
export async function independentIds(brokers: string, topic: string): Promise<Set<string>> {
  const records = await readCommitted(brokers, topic)
  return new Set(records.map(({ value }) => JSON.parse(value ?? '{}').id))
}
