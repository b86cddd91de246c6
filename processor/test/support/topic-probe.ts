import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { TestKafka } from './workload.ts'

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
  while ((await logLength(kafka, topic)) < length) await new Promise((resolve) => setTimeout(resolve, 50))
}
