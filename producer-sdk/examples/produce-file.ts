/**
 * Produces a file of texts, one a line: JSON objects (`{"id": …, "text": …}`) or bare sentences.
 *
 *   VALENCE_KAFKA_BROKERS=localhost:9092 node examples/produce-file.ts reviews.jsonl
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createTextProducer, isValenceError, type TextInput } from '@valence/producer-sdk'

const { VALENCE_KAFKA_BROKERS = 'localhost:9092', VALENCE_SCHEMA_REGISTRY_URL, VALENCE_INPUT_TOPICS } = process.env
const [file] = process.argv.slice(2)

async function* readTexts(path: string): AsyncGenerator<TextInput> {
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.trim() === '') continue
    yield line.startsWith('{') ? (JSON.parse(line) as TextInput) : { text: line }
  }
}

if (file === undefined) throw new Error('usage: node examples/produce-file.ts FILE')

const producer = createTextProducer({
  brokers: VALENCE_KAFKA_BROKERS,
  topic: VALENCE_INPUT_TOPICS,
  schemaRegistryUrl: VALENCE_SCHEMA_REGISTRY_URL,
})

try {
  // Texts of one author stay in order when the author is their key; here each text is on its own.
  const sent = await producer.sendAll(readTexts(file), { optionsFor: ({ id }) => ({ key: id }) })
  process.stdout.write(`${sent} texts acknowledged\n`)
} catch (error) {
  process.stderr.write(isValenceError(error) ? `${error.code}: ${error.message}\n${error.help}\n` : `${error}\n`)
  process.exitCode = 1
} finally {
  await producer.close()
}
