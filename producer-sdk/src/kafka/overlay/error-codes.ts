/**
 * The protocol errors that kafkajs 2.2.4 has no name for (it ends at 88), as Apache Kafka 4.1 defines them:
 * code → name, and whether the same request may succeed when it is sent again.
 */
const codes: Readonly<Record<number, readonly [type: string, retriable?: true]>> = {
  89: ['THROTTLING_QUOTA_EXCEEDED', true],
  90: ['PRODUCER_FENCED'],
  91: ['RESOURCE_NOT_FOUND'],
  92: ['DUPLICATE_RESOURCE'],
  93: ['UNACCEPTABLE_CREDENTIAL'],
  94: ['INCONSISTENT_VOTER_SET'],
  95: ['INVALID_UPDATE_VERSION'],
  96: ['FEATURE_UPDATE_FAILED'],
  97: ['PRINCIPAL_DESERIALIZATION_FAILURE'],
  98: ['SNAPSHOT_NOT_FOUND'],
  99: ['POSITION_OUT_OF_RANGE'],
  100: ['UNKNOWN_TOPIC_ID', true],
  101: ['DUPLICATE_BROKER_REGISTRATION'],
  102: ['BROKER_ID_NOT_REGISTERED'],
  103: ['INCONSISTENT_TOPIC_ID', true],
  104: ['INCONSISTENT_CLUSTER_ID'],
  105: ['TRANSACTIONAL_ID_NOT_FOUND'],
  106: ['FETCH_SESSION_TOPIC_ID_ERROR', true],
  107: ['INELIGIBLE_REPLICA'],
  108: ['NEW_LEADER_ELECTED'],
  109: ['OFFSET_MOVED_TO_TIERED_STORAGE'],
  110: ['FENCED_MEMBER_EPOCH'],
  111: ['UNRELEASED_INSTANCE_ID'],
  112: ['UNSUPPORTED_ASSIGNOR'],
  113: ['STALE_MEMBER_EPOCH'],
  114: ['MISMATCHED_ENDPOINT_TYPE'],
  115: ['UNSUPPORTED_ENDPOINT_TYPE'],
  116: ['UNKNOWN_CONTROLLER_ID'],
  117: ['UNKNOWN_SUBSCRIPTION_ID'],
  118: ['TELEMETRY_TOO_LARGE'],
  119: ['INVALID_REGISTRATION'],
  120: ['TRANSACTION_ABORTABLE'],
  121: ['INVALID_RECORD_STATE'],
  122: ['SHARE_SESSION_NOT_FOUND', true],
  123: ['INVALID_SHARE_SESSION_EPOCH', true],
  124: ['FENCED_STATE_EPOCH'],
  125: ['INVALID_VOTER_KEY'],
  126: ['DUPLICATE_VOTER'],
  127: ['VOTER_NOT_FOUND'],
  128: ['INVALID_REGULAR_EXPRESSION'],
  129: ['REBOOTSTRAP_REQUIRED'],
  130: ['STREAMS_INVALID_TOPOLOGY'],
}

/** One row of kafkajs's own table. */
export interface ProtocolErrorRow {
  readonly type: string
  readonly code: number
  readonly retriable: boolean
  readonly message: string
}

/** Rows for the codes 89 to 130, in the shape of kafkajs's table. */
export const laterErrorCodes: readonly ProtocolErrorRow[] = Object.entries(codes).map(([code, [type, retriable]]) => ({
  type,
  code: Number(code),
  retriable: retriable === true,
  message: `The broker answered ${type}`,
}))

/** The name of a code that kafkajs does not know, or undefined. */
export function laterErrorType(code: number): string | undefined {
  return codes[code]?.[0]
}
