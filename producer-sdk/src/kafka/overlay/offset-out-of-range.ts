interface OffsetOutOfRange {
  readonly topic: string
  readonly partition: number
}

interface ConsumerGroup {
  readonly preferredReadReplicasPerTopicPartition: Record<string, Record<number, unknown> | undefined>
}

export interface FetchingGroupClass {
  readonly prototype: ConsumerGroup & { recoverFromOffsetOutOfRange(error: OffsetOutOfRange): Promise<void> }
}

/**
 * Hunk 7. Stock kafkajs answers a position outside the log by committing −1 or −2 for the group, autoCommit or not, and
 * going on at one end of the log: unread records are skipped, or read ones repeated, without a word. Here the consumer
 * crashes with the error; where to go on is for its owner to say.
 */
export function failOnOffsetOutOfRange(groupClass: FetchingGroupClass): void {
  groupClass.prototype.recoverFromOffsetOutOfRange = async function recover(this: ConsumerGroup, error) {
    const replicas = this.preferredReadReplicasPerTopicPartition[error.topic]
    // A follower may lag behind; the leader is asked before the position is believed to be lost.
    if (replicas?.[error.partition] === undefined) throw error
    delete replicas[error.partition]
  }
}
