/** One partition of one topic. */
export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** `topic-partition`: the key of maps, of backups and of messages. */
export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** What `partitionName` made; topics may hold hyphens and digits, so the number is the last part. Undefined for other texts. */
export function parsePartitionName(name: string): TopicPartition | undefined {
  const [, topic, partition] = /^(.+)-(\d{1,10})$/s.exec(name) ?? []
  return topic === undefined ? undefined : { topic, partition: Number(partition) }
}
