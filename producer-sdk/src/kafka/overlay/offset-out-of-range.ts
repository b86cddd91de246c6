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
 * Hunk 7. If a position is outside the log, stock kafkajs commits −1 or −2 for the group, even without autoCommit, and
 * continues at one end of the log: it silently skips unread records or repeats read ones. Here the consumer crashes
 * with the error, and its owner decides where to continue.
 */
export function failOnOffsetOutOfRange(groupClass: FetchingGroupClass): void {
  groupClass.prototype.recoverFromOffsetOutOfRange = async function recover(this: ConsumerGroup, error) {
    const replicas = this.preferredReadReplicasPerTopicPartition[error.topic]
    // A follower may lag behind; the leader is asked before the position is believed to be lost.
    if (replicas?.[error.partition] === undefined) throw error
    delete replicas[error.partition]
  }
}
