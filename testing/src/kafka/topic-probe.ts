import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { loadKafkaJs } from '@valence/producer-sdk/kafka'
import type { TestKafka } from '../counting/workload.ts'

/** The bytes of the one record of a topic, read by kcat; JSON could not carry all of them. */
export async function readOnlyValue(brokers: string, topic: string): Promise<Buffer> {
  const args = ['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%s']
  const { stdout } = await promisify(execFile)('kcat', args, { encoding: 'buffer' })
  return stdout
}

/** Offsets in use over all partitions, transaction markers included. */
export async function logLength({ admin }: TestKafka, topic: string): Promise<number> {
  const offsets = await admin.fetchTopicOffsets(topic)
  return offsets.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0)
}

/** Resolves when the topic holds so many offsets; the test's own time limit ends the waiting. */
export async function logReaches(kafka: TestKafka, topic: string, length: number): Promise<void> {
  // A topic that was made a moment ago may have no leader yet.
  const known = () => logLength(kafka, topic).catch(() => 0)
  while ((await known()) < length) await new Promise((resolve) => setTimeout(resolve, 50))
}

/** What retention does: the first offsets of a one-partition topic are gone. */
export async function deleteRecordsBefore({ admin }: TestKafka, topic: string, offset: number): Promise<void> {
  // Makes kafkajs load the topic's metadata, without which it cannot delete.
  await admin.fetchTopicOffsets(topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
}

/** Sets `max.message.bytes` of a topic and resolves when its leader goes by it. */
export async function limitMessageBytes({ admin }: TestKafka, topic: string, bytes: number): Promise<void> {
  const name = 'max.message.bytes'
  const resource = { type: loadKafkaJs().ConfigResourceTypes.TOPIC, name: topic }
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ ...resource, configEntries: [{ name, value: String(bytes) }] }],
  })
  for (;;) {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ ...resource, configNames: [name] }],
    })
    if (resources[0]?.configEntries[0]?.configValue === String(bytes)) return
  }
}
