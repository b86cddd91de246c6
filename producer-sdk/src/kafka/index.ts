export type {
  Admin,
  Assigner,
  Batch,
  Consumer,
  ConsumerConfig,
  ConsumerCrashEvent,
  ConsumerGroupJoinEvent,
  ConsumerRunConfig,
  EachBatchPayload,
  EachMessagePayload,
  GroupMember,
  GroupMemberAssignment,
  IHeaders,
  ITopicConfig,
  Kafka,
  KafkaMessage,
  Mechanism,
  Message,
  PartitionAssigner,
  Producer,
  ProducerConfig,
  ProducerRecord,
  RecordMetadata,
  RetryOptions,
  SASLOptions,
  SeekEntry,
  TopicMessages,
  TopicPartitionOffset,
  Transaction,
} from 'kafkajs'
export { aliveInstances } from './alive-instances.ts'
export {
  createKafka,
  type KafkaOptions,
  loadKafkaJs,
  onOversizedBatch,
  setLeaveGroup,
  takeEmptyBatches,
} from './client.ts'
export { type CompressionName, compressionTypes } from './codecs.ts'
export { setDecompressionLimit } from './decompression-limit.ts'
export { Delivery, type PendingRecord, type SentRecord } from './delivery.ts'
export { type FenceOptions, fenceTransactionalId, fenceTransactionalIds } from './fence-transactional-ids.ts'
export type { AliveInstances } from './generation-instances.ts'
export { groupMember } from './group-member.ts'
export { type KafkaFailure, type KafkaFault, kafkaErrors } from './kafka-errors.ts'
export {
  describeTransactions,
  type ListTransactionsOptions,
  listTransactions,
  type TransactionListing,
  type TransactionState,
} from './list-transactions.ts'
export type { KafkaLog, KafkaLogLevel } from './log.ts'
export { MembershipWatch } from './membership-watch.ts'
export { headersOf, messageHeaders } from './message-headers.ts'
export type { OversizedBatch } from './overlay/batch-listener.ts'
export { isOverlayInstalled } from './overlay/install.ts'
export { murmur2 } from './overlay/murmur2.ts'
export type { DescribedTransaction, ListedTransaction } from './overlay/transaction-requests.ts'
export type { CommittingMember } from './overlay/txn-offset-commit.ts'
export { recordingPartitioner } from './partitioner.ts'
export { beginTransaction } from './producer-epochs.ts'
export {
  heldRecordBytes,
  partitionShareBytes,
  type RecordHold,
  retainRecords,
  setRecordMemory,
} from './record-memory.ts'
export {
  type CommittedOffset,
  fetchGroupOffsets,
  fetchStableOffsets,
  type PositionReading,
  readPositions,
} from './stable-offsets.ts'
export { createStickyAssigner, type HeldPartitions } from './sticky-assigner.ts'
export { fetchTopic, topicIdOf } from './topic-ids.ts'
export { type OffsetToCommit, sendTransactionOffsets, type TransactionOffsets } from './transaction-offsets.ts'
