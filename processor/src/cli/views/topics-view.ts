import type { TopicResult } from '../../jobs/create-topology.ts'
import { formatTable } from '../table.ts'

export function topicToJson({ topic, role, state, partitions, replication, error }: TopicResult) {
  return { topic, role, state, partitions, replication, ...(error && { code: error.code, detail: error.detail }) }
}

/** One row for each topic. */
export function tabulateTopics(results: readonly TopicResult[]): string[] {
  return formatTable(
    [
      { title: 'TOPIC' },
      { title: 'ROLE' },
      { title: 'PARTITIONS', align: 'right' },
      { title: 'REPLICATION', align: 'right' },
      { title: 'STATE' },
    ],
    results.map(({ topic, role, partitions, replication, state }) => [
      topic,
      role,
      String(partitions),
      String(replication),
      state,
    ]),
  )
}
