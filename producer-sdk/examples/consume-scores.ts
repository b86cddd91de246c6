/**
 * Prints scored events as they are committed, until Ctrl-C.
 *
 *   VALENCE_KAFKA_BROKERS=localhost:9092 node examples/consume-scores.ts
 */
import { createScoreConsumer } from '@valence/producer-sdk'

const { VALENCE_KAFKA_BROKERS = 'localhost:9092', VALENCE_SCHEMA_REGISTRY_URL, VALENCE_OUTPUT_TOPIC } = process.env

const consumer = createScoreConsumer({
  brokers: VALENCE_KAFKA_BROKERS,
  topic: VALENCE_OUTPUT_TOPIC,
  schemaRegistryUrl: VALENCE_SCHEMA_REGISTRY_URL,
  groupId: 'score-printer',
  fromBeginning: true,
  handler: ({ id, label, valence }, { partition, offset }) => {
    process.stdout.write(`${partition}/${offset}\t${valence.toFixed(3)}\t${label}\t${id}\n`)
  },
  onInvalid: (error, { partition, offset }) => {
    process.stderr.write(`${partition}/${offset}\t${error.code}\n`)
  },
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void consumer.stop())

await consumer.start()
// Ends with the first signal, or throws what ended the consumer.
await consumer.done
