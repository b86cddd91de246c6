/** The broker takes what was to be published for a record as it is from nobody: the record is singled out. */
export const refusalCodes: ReadonlySet<string> = new Set([
  'VAL_RECORD_REFUSED_BY_BROKER',
  'VAL_RECORD_TOO_LARGE_TO_PUBLISH',
])

/** What lies in the partition cannot be passed: it stands still. */
export const haltCodes: ReadonlySet<string> = new Set(['VAL_KAFKA_BATCH_TOO_LARGE', 'VAL_KAFKA_DEAD_LETTER_REFUSED'])

/** Nothing but a restart, or a person, can mend it. */
export const fatalCodes: ReadonlySet<string> = new Set([
  'VAL_KAFKA_OFFSET_GAP',
  'VAL_KAFKA_TOPIC_RECREATED',
  'VAL_KAFKA_INSTANCE_DUPLICATE',
])
