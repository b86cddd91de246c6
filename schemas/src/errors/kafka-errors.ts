import type { ErrorRow } from './error-row.ts'

/** Brokers, groups, transactions, and the SDK on top of them. */
export const kafkaErrors = {
  VAL_KAFKA_UNREACHABLE: {
    message: 'No Kafka broker answers',
    help: 'Check VALENCE_KAFKA_BROKERS; `valence doctor` shows the step that fails.',
    http: 503,
    retryable: true,
  },
  VAL_KAFKA_AUTHENTICATION_FAILED: {
    message: 'The broker refuses the credentials',
    help: 'Check VALENCE_KAFKA_SASL_* and VALENCE_KAFKA_TLS_*; services retry with exponential back-off.',
    grantable: true,
    scope: 'cluster',
  },
  VAL_KAFKA_TOKEN_UNAVAILABLE: {
    message: 'The token endpoint gives no token for Kafka',
    help: 'Check VALENCE_KAFKA_SASL_OAUTH_TOKEN_URL and the issuer.',
    retryable: true,
  },
  VAL_KAFKA_NOT_AUTHORISED: {
    message: 'The broker refuses the operation to this user',
    help: 'Grant the ACLs listed in docs/security.md; services retry with exponential back-off.',
    grantable: true,
    scope: 'topic',
  },
  VAL_KAFKA_TOPIC_MISSING: {
    message: 'A topic does not exist',
    help: 'Create the topics with `valence topics create`.',
    scope: 'topic',
  },
  VAL_KAFKA_TOPIC_REFUSED: {
    message: 'The brokers refuse to create a topic',
    help: 'Fix the reason given in the detail and run the command again; existing topics are not changed.',
  },
  VAL_KAFKA_FENCED: {
    message: 'Another processor took the partition over',
    help: 'No action is needed; the partition is released and its new owner continues.',
    retryable: true,
  },
  VAL_KAFKA_GENERATION_OVER: {
    message: 'The group went on to another generation, and refuses the offsets of the last one',
    help: 'No action is needed; the transaction is aborted, and partitions that are still assigned are taken again.',
    retryable: true,
  },
  VAL_KAFKA_BROKER_TOO_OLD: {
    message: 'The broker does not know a request that is needed',
    help: 'Transactions over several partitions need Kafka 2.5 or newer on every broker.',
    partition: 'fatal',
  },
  VAL_KAFKA_INSTANCE_DUPLICATE: {
    message: 'Another member uses the same VALENCE_KAFKA_INSTANCE_ID',
    help: 'Set a different instance id for each processor, or unset it.',
    partition: 'fatal',
  },
  VAL_KAFKA_TRANSACTION_FAILED: {
    message: 'A transaction could not be completed',
    help: 'The producer is rebuilt and the records are read again from the committed offset.',
    retryable: true,
  },
  VAL_KAFKA_ACK_MISMATCH: {
    message: 'The broker did not acknowledge every partition that was sent',
    help: 'The transaction is aborted and the records are read again.',
    retryable: true,
  },
  VAL_KAFKA_OFFSET_GAP: {
    message: 'Records between the committed offset and the next fetched one are gone',
    help: 'Retention or truncation deleted unread records; see docs/operations.md before resetting offsets.',
    partition: 'fatal',
  },
  VAL_KAFKA_POSITION_LOST: {
    message: 'The group has no position on a partition that it has read before',
    help: 'Its offsets were deleted, or expired (offsets.retention.minutes) while no processor ran. A running processor continues from the position it knows. A new one reads the partition from VALENCE_KAFKA_START: `earliest` scores the records in the log again, `latest` skips unread records.',
  },
  VAL_KAFKA_TOPIC_RECREATED: {
    message: 'The input topic was deleted and created again',
    help: 'No action is needed; the process exits, and after its restart it reads the new topic from the first record.',
    partition: 'fatal',
  },
  VAL_KAFKA_BATCH_TOO_LARGE: {
    message: 'A record batch unpacks to more than is allowed, so its partition stands still',
    help: 'Raise VALENCE_KAFKA_MAX_BATCH_BYTES if such batches are intended; else see docs/operations.md to skip it.',
    partition: 'halt',
  },
  VAL_KAFKA_DEAD_LETTER_REFUSED: {
    message: 'The broker refuses even the dead letter of a record, so its partition stands still',
    help: 'Check cleanup.policy, max.message.bytes and min.insync.replicas of the dead-letter topic; the partition continues within 15 s after the fix.',
    partition: 'halt',
  },
  VAL_KAFKA_TIMESTAMP_REFUSED: {
    message: 'The broker refuses the time at which this machine writes',
    help: 'Compare the clocks of the broker and of this machine, and check message.timestamp.* of the topic. A processor retries until it succeeds; a producer can send again.',
    retryable: true,
  },
  VAL_KAFKA_PARTITION_LEADERLESS: {
    message: 'A partition has no leader',
    help: 'Start a broker with a replica of it: see `kafka-topics.sh --describe --unavailable-partitions`. Other partitions are not affected, and this one continues when it has a leader.',
    http: 503,
    retryable: true,
  },
  VAL_KAFKA_PARTITION_STUCK: {
    message: 'A partition has records to work on and has committed none of them for minutes',
    help: 'See the errors of its processor; a restart moves the partition to another processor.',
  },
  VAL_KAFKA_CONSUMER_CRASHED: {
    message: 'The consumer stopped',
    help: 'The process exits so that its supervisor restarts it; see the cause.',
  },
  VAL_KAFKA_FETCH_STALLED: {
    message: 'The fetch loop stopped answering',
    help: 'The process exits so that its supervisor restarts it.',
  },
  VAL_KAFKA_MEMBERSHIP_LOST: {
    message: 'The consumer is no member of its group and does not get back into it',
    help: 'The process exits so that its supervisor restarts it; see the coordinator of the group in the broker logs.',
  },
  VAL_KAFKA_OVERLAY_MISMATCH: {
    message: 'The installed kafkajs is not the file this overlay was written for',
    help: 'Install exactly kafkajs 2.2.4 and load @valence/producer-sdk/kafka before anything imports kafkajs.',
  },

  VAL_PRODUCER_CLOSED: { message: 'The producer is closed', help: 'Create a new producer, or send before close().' },
  VAL_PRODUCER_FAILED: {
    message: 'The broker did not acknowledge the records',
    help: 'Send them again under the same ids; see the cause.',
    retryable: true,
  },
  VAL_CONSUMER_HANDLER_FAILED: {
    message: 'The handler of a scored event threw',
    help: 'The event is delivered again after the restart; see the cause.',
  },
} as const satisfies Record<string, ErrorRow>
