import { compressionTypes, Delivery, type Message, recordingPartitioner } from '@valence/producer-sdk/kafka'
import { ValenceError } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { translateKafkaError, withAdmin } from '../../kafka/kafka-admin.ts'
import { createKafkaClient } from '../../kafka/kafka-client.ts'
import { silentLogger } from '../../observability/logger.ts'
import { type ByteLine, readByteLines } from '../../text-files/byte-lines.ts'
import type { InputFile } from '../../text-files/input-file.ts'
import { createPace } from './pace.ts'
import type { ProduceListener, ProduceOptions } from './produce-run.ts'

const batchLines = 1_000
const batchBytes = 256 * 1024
/** Kafka's default of `max.message.bytes`. */
const defaultMaxMessageBytes = 1_048_588
/** A record batch has a header of 61 bytes; a record without key and headers adds about 20. */
const overheadBytes = 100

/** Sends each line as one record, its bytes unchanged. @throws VAL_KAFKA_*, VAL_PRODUCER_FAILED */
export async function produceLines(
  config: Config,
  options: ProduceOptions,
  file: InputFile,
  watch: ProduceListener,
): Promise<void> {
  const maxBytes = (await readMaxMessageBytes(config, options.topic)) - overheadBytes
  const kafka = createKafkaClient(config, 'cli-producer', silentLogger)
  const partitions = new WeakMap<Message, number>()
  const producer = kafka.producer({
    idempotent: true,
    allowAutoTopicCreation: false,
    retry: { retries: 10, initialRetryTime: 100, maxRetryTime: 5_000 },
    createPartitioner: recordingPartitioner(kafka, partitions),
  })
  const delivery = new Delivery({
    topic: options.topic,
    compression: compressionTypes[config.kafkaCompression],
    send: (record) => producer.send(record),
    partitionOf: (message) => partitions.get(message),
  })
  const pace = createPace(options.rate, watch.signal)
  try {
    await producer.connect()
    for await (const lines of readByteLines(file.chunks)) {
      const fitting = lines.filter((line) => fits(line, maxBytes, watch))
      for (const batch of inBatches(fitting, options.rate)) {
        if (watch.signal.aborted) return
        for (const _ of batch) await pace()
        await send(delivery, batch, watch)
      }
    }
  } catch (error) {
    throw translateKafkaError(error)
  } finally {
    await producer.disconnect()
  }
}

/** Checks the size before sending: a refused batch would be split and sent again until the large line is found. */
function fits({ number, bytes, whole }: ByteLine, maxBytes: number, { onProblem }: ProduceListener): boolean {
  if (whole && bytes.length <= maxBytes) return true
  onProblem(number, new ValenceError('VAL_RECORD_TOO_LARGE_TO_PUBLISH', whole ? `${bytes.length} bytes` : 'the line'))
  return false
}

/** Sends a batch. A line that the broker refuses is reported, the others are sent. @throws errors of no single line */
async function send(delivery: Delivery, lines: readonly ByteLine[], watch: ProduceListener): Promise<void> {
  let produced = 0
  const failures: ValenceError[] = []
  await delivery.deliver(
    lines.map(({ number, bytes }) => ({
      id: String(number),
      message: { key: null, value: bytes },
      resolve: () => {
        produced += 1
      },
      reject(error) {
        if (error.deadLetter) watch.onProblem(number, error)
        else failures.push(error)
      },
    })),
  )
  watch.onProduced(produced, lines.at(-1)?.end ?? 0)
  if (failures.length > 0) throw failures[0]
}

/** With a rate, a batch holds at most the lines of 0.1 s, which keeps the flow even. */
function* inBatches(lines: readonly ByteLine[], rate: number | undefined): Generator<readonly ByteLine[]> {
  const most = rate === undefined ? batchLines : Math.max(1, Math.min(batchLines, Math.floor(rate / 10)))
  let batch: ByteLine[] = []
  let bytes = 0
  for (const line of lines) {
    if (batch.length >= most || (batch.length > 0 && bytes + line.bytes.length > batchBytes)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(line)
    bytes += line.bytes.length
  }
  if (batch.length > 0) yield batch
}

/** `max.message.bytes` of the topic; Kafka's default if the settings cannot be read. */
function readMaxMessageBytes(config: Config, topic: string): Promise<number> {
  return withAdmin(config, async (admin) => {
    const { ConfigResourceTypes } = (await import('@valence/producer-sdk/kafka')).loadKafkaJs()
    const described = await admin
      .describeConfigs({
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: ['max.message.bytes'] }],
        includeSynonyms: false,
      })
      .catch(() => undefined)
    const value = described?.resources[0]?.configEntries[0]?.configValue
    return value === undefined ? defaultMaxMessageBytes : Number(value)
  })
}
