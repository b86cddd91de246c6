/** What bounds the values of a label without a closed list. */
export const labelBounds = {
  topics: 'configured input topics',
  partitions: 'partitions assigned to this processor',
  codes: 'codes of the error catalogue',
  routes: 'routes of the facade, and `unknown`',
  methods: 'HTTP methods',
  statuses: 'HTTP status codes',
  labels: 'labels of the model',
  models: 'the active model only',
  versions: 'the first 10 model versions with feedback, then `other`',
  sources: 'the first 50 sources, then `other`; `none` without a source',
} as const

/** The values of a label: a closed list, whose series start at 0, or a key of `labelBounds`. */
export type LabelDomain = readonly string[] | keyof typeof labelBounds

/** Declaration of a metric; names are valence_<area>_<what>_{seconds,bytes,total,ratio}. */
export interface MetricSpec {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly name: string
  readonly help: string
  readonly labels: Readonly<Record<string, LabelDomain>>
  readonly buckets?: readonly number[]
  /** Buckets have the trace id of a sampled text as exemplar (OpenMetrics only). */
  readonly exemplars?: boolean
}

type Labels = Readonly<Record<string, LabelDomain>>

const origins = ['kafka', 'http', 'cli'] as const
const breakerParts = ['kafka', 'redis', 'redis-cache', 'registry', 'jwks'] as const

/** Bucket bounds; phases share theirs, so that they can be compared. */
const buckets = {
  phaseSeconds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  endToEndSeconds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
  batchTexts: [1, 2, 4, 8, 12, 16, 24, 32, 64],
  batchTokens: [16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
  transactionRecords: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
  feedbackSeconds: [1, 10, 60, 300, 1_800, 3_600, 21_600, 86_400],
  confidence: [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1],
  ratio: [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1],
} as const

function counter<const L extends Labels = Record<never, never>>(name: string, help: string, labels?: L) {
  return { kind: 'counter', name, help, labels: (labels ?? {}) as L } as const
}

function gauge<const L extends Labels = Record<never, never>>(name: string, help: string, labels?: L) {
  return { kind: 'gauge', name, help, labels: (labels ?? {}) as L } as const
}

function histogram<const L extends Labels = Record<never, never>>(
  name: string,
  help: string,
  edges: readonly number[],
  labels?: L,
) {
  return { kind: 'histogram', name, help, labels: (labels ?? {}) as L, buckets: edges } as const
}

/** A histogram with exemplars. */
function traced<const S extends MetricSpec>(spec: S) {
  return { ...spec, exemplars: true } as const
}

/** Every metric of Valence by area. Phases of a text: decode, queue, tokenize, infer, encode, commit. */
export const metricTree = {
  pipeline: {
    records: counter('valence_pipeline_records_total', 'Input records by outcome', {
      topic: 'topics',
      outcome: ['scored', 'passed', 'rejected', 'tombstone'],
    }),
    deadLetters: counter('valence_pipeline_dead_letters_total', 'Dead letters by error code', { code: 'codes' }),
    retries: counter('valence_pipeline_retries_total', 'Retried batches by error code', { code: 'codes' }),
    decode: histogram(
      'valence_pipeline_decode_seconds',
      'Time to decode the records of one transaction',
      buckets.phaseSeconds,
    ),
    score: histogram(
      'valence_pipeline_score_seconds',
      'Time from the end of decoding to the scores of the records of one transaction',
      buckets.phaseSeconds,
    ),
    encode: histogram(
      'valence_pipeline_encode_seconds',
      'Time to encode the results of one transaction',
      buckets.phaseSeconds,
    ),
    commit: histogram(
      'valence_pipeline_commit_seconds',
      'Time to publish and commit one transaction',
      buckets.phaseSeconds,
    ),
    endToEnd: traced(
      histogram(
        'valence_pipeline_end_to_end_seconds',
        'Time from the timestamp of a record in the input topic to the commit of its result',
        buckets.endToEndSeconds,
      ),
    ),
    sinceOccurred: histogram(
      'valence_pipeline_since_occurred_seconds',
      'Time from the `occurredAt` of an event to the commit of its result',
      buckets.endToEndSeconds,
    ),
    transactionRecords: histogram(
      'valence_pipeline_transaction_records',
      'Input records in one transaction',
      buckets.transactionRecords,
    ),
    standstill: gauge(
      'valence_pipeline_standstill_seconds',
      'Time for which a partition has had records and committed none; only of partitions that stand still',
      { topic: 'topics', partition: 'partitions', code: 'codes' },
    ),
    queued: gauge('valence_pipeline_queued_records', 'Fetched records that wait for scoring', {
      topic: 'topics',
      partition: 'partitions',
    }),
    heldBytes: gauge('valence_pipeline_held_bytes', 'Memory of fetched records that are not committed yet'),
  },
  kafka: {
    transactions: counter('valence_kafka_transactions_total', 'Transactions by outcome', {
      outcome: ['committed', 'aborted', 'fenced'],
    }),
    takeovers: histogram(
      'valence_kafka_takeover_seconds',
      'Time to take over a partition: fence, read the committed offset, seek',
      buckets.phaseSeconds,
    ),
    rebalances: counter('valence_kafka_rebalances_total', 'Group generations this member joined'),
    partitions: gauge('valence_kafka_assigned_partitions', 'Partitions assigned to this member'),
    rebalancePauses: histogram(
      'valence_kafka_rebalance_seconds',
      'Time from the start of a rebalance until this member has joined again',
      buckets.phaseSeconds,
    ),
    lag: gauge('valence_kafka_lag_records', 'Offsets from the last committed one to the end of the log', {
      topic: 'topics',
      partition: 'partitions',
    }),
    arrived: counter(
      'valence_kafka_arrived_records_total',
      'Growth of the log in offsets, transaction markers included',
      {
        topic: 'topics',
        partition: 'partitions',
      },
    ),
    committed: counter('valence_kafka_committed_records_total', 'Committed offsets, transaction markers included', {
      topic: 'topics',
      partition: 'partitions',
    }),
    drain: gauge(
      'valence_kafka_drain_seconds',
      'Estimated time until the lag is 0 at the current rates; +Inf while it does not shrink',
      { topic: 'topics', partition: 'partitions' },
    ),
  },
  scoring: {
    texts: counter('valence_scoring_texts_total', 'Texts by origin and verdict', {
      origin: origins,
      verdict: ['scored', 'rejected', 'retryable'],
    }),
    queueDepth: gauge('valence_scoring_queue_texts', 'Texts that wait for a batch, by origin', { origin: origins }),
    queue: histogram(
      'valence_scoring_queue_seconds',
      'Time from the submission of a text to the start of its batch',
      buckets.phaseSeconds,
      { origin: origins },
    ),
    dropped: counter('valence_scoring_dropped_total', 'Texts dropped before inference by reason', {
      reason: ['deadline', 'abandoned'],
    }),
    deduplicated: counter(
      'valence_scoring_deduplicated_total',
      'Texts that shared the inference of an identical text in flight',
    ),
    batches: counter('valence_scoring_batches_total', 'Batches by the reason they were closed', {
      cause: ['tokens', 'texts', 'age', 'drain'],
    }),
    batchTexts: histogram('valence_scoring_batch_texts', 'Texts in a batch', buckets.batchTexts),
    batchTokens: histogram('valence_scoring_batch_tokens', 'Padded tokens in a batch', buckets.batchTokens),
    padding: histogram('valence_scoring_padding_ratio', 'Share of padding in the tokens of a batch', buckets.ratio),
    tokens: counter('valence_scoring_tokens_total', 'Tokens given to the model, by origin', {
      origin: origins,
    }),
    bisections: counter(
      'valence_scoring_bisections_total',
      'Failed batches that were split in two to find the failing text',
    ),
    cacheLookups: counter('valence_scoring_cache_lookups_total', 'Cache look-ups by level and outcome', {
      level: ['memory', 'shared'],
      outcome: ['hit', 'miss'],
    }),
    cacheSize: gauge('valence_scoring_cache_bytes', 'Bytes held by the in-process cache'),
  },
  inference: {
    tokenize: histogram(
      'valence_inference_tokenize_seconds',
      'Time to tokenize one slice of texts',
      buckets.phaseSeconds,
    ),
    infer: histogram('valence_inference_infer_seconds', 'Inference time of a batch', buckets.phaseSeconds),
    workers: gauge('valence_inference_workers', 'Running inference workers'),
    workerRestarts: counter('valence_inference_worker_restarts_total', 'Replaced inference workers by reason', {
      reason: ['timeout', 'crash', 'refused'],
    }),
  },
  model: {
    info: gauge('valence_model_info', 'The active model, in labels; the value is 1', {
      name: 'models',
      version: 'models',
      sha256: 'models',
    }),
    labels: counter('valence_model_labels_total', 'Scored texts by source and label', {
      source: 'sources',
      label: 'labels',
    }),
    confidence: histogram(
      'valence_model_confidence_ratio',
      'Probability of the chosen label, by source; a drift of its mean shows that the texts have changed',
      buckets.confidence,
      { source: 'sources' },
    ),
    reloads: counter('valence_model_reloads_total', 'Checks for a new model by outcome', {
      outcome: ['swapped', 'unchanged', 'refused'],
    }),
    refusals: counter('valence_model_refusals_total', 'Refused new models by error code', { code: 'codes' }),
    swap: histogram('valence_model_swap_seconds', 'Time from finding a new model to the swap', buckets.endToEndSeconds),
    drain: histogram(
      'valence_model_drain_seconds',
      'Time from the swap until the old model is drained and closed',
      buckets.endToEndSeconds,
    ),
    downloaded: counter('valence_model_downloaded_bytes_total', 'Bytes of models downloaded from registries'),
  },
  shadow: {
    texts: counter('valence_shadow_texts_total', 'Sampled texts by the outcome of the candidate', {
      outcome: ['agreed', 'differed', 'dropped', 'failed'],
    }),
    labels: counter('valence_shadow_labels_total', 'Compared texts by the labels of both models', {
      active: 'labels',
      candidate: 'labels',
    }),
    distance: histogram(
      'valence_shadow_distance_ratio',
      'Total variation distance of both models: half the sum of the absolute differences of their probabilities',
      buckets.ratio,
    ),
    infer: histogram(
      'valence_shadow_infer_seconds',
      'Inference time of a batch of the candidate',
      buckets.phaseSeconds,
    ),
  },
  http: {
    requests: counter('valence_http_requests_total', 'Requests by route, method and status', {
      route: 'routes',
      method: 'methods',
      status: 'statuses',
    }),
    duration: traced(
      histogram(
        'valence_http_request_seconds',
        'Time from the headers of a request to the end of its response',
        buckets.phaseSeconds,
        { route: 'routes' },
      ),
    ),
    refused: counter('valence_http_refused_total', 'Refused requests by error code', { code: 'codes' }),
    inFlight: gauge('valence_http_in_flight_texts', 'HTTP texts in flight'),
    connections: gauge('valence_http_connections', 'Open connections'),
    clientErrors: counter('valence_http_client_errors_total', 'Connections closed because of an unreadable request', {
      code: 'codes',
    }),
    limiterFallbacks: counter(
      'valence_http_limiter_fallbacks_total',
      'Rate limit decisions in process because Redis was unavailable',
    ),
    revocationsUnchecked: counter(
      'valence_http_revocations_unchecked_total',
      'Credentials accepted without a revocation check because Redis was unavailable',
    ),
    idempotencyFallbacks: counter(
      'valence_http_idempotency_fallbacks_total',
      'Answers to idempotency keys that were not shared with other replicas because Redis was unavailable',
    ),
    streams: gauge('valence_http_streams', 'Connected clients of the score stream'),
    streamEvents: counter('valence_http_stream_events_total', 'Events sent to clients of the score stream'),
    streamsDropped: counter('valence_http_streams_dropped_total', 'Score streams closed by the server, by reason', {
      reason: ['slow', 'shutdown'],
    }),
    textsAccepted: counter('valence_http_texts_accepted_total', 'Texts of POST /v1/texts that the broker acknowledged'),
    certificateExpiry: gauge(
      'valence_http_certificate_expiry_seconds',
      'Expiry of the certificate of the facade, in seconds since 1970',
    ),
  },
  breaker: {
    state: gauge('valence_breaker_state', 'State of a circuit breaker: 0 closed, 1 half open, 2 open', {
      part: breakerParts,
    }),
    opened: counter('valence_breaker_opened_total', 'Times a circuit breaker opened', { part: breakerParts }),
    failures: counter('valence_breaker_failures_total', 'Failed calls through a circuit breaker', {
      part: breakerParts,
    }),
  },
  redis: {
    errors: counter('valence_redis_errors_total', 'Failed Redis calls that were treated as a miss'),
  },
  scaling: {
    desired: gauge('valence_scaling_desired_replicas', 'Number of processors that the scaling policy wants'),
    replicas: gauge('valence_scaling_replicas', 'Members of the group'),
    target: gauge(
      'valence_scaling_target_seconds',
      'Configured target for the time from the arrival of a text to its score',
    ),
    demand: gauge(
      'valence_scaling_demand_replicas',
      'Number of processors that the load needs, before limits and steps',
    ),
    capacity: gauge('valence_scaling_capacity_records', 'Measured capacity of one processor, in records per second'),
    lag: gauge(
      'valence_scaling_lag_records',
      'Offsets from the committed position of the group to the end of the log',
      {
        topic: 'topics',
        partition: 'partitions',
      },
    ),
    position: gauge('valence_scaling_position_offset', 'Committed offset of the group', {
      topic: 'topics',
      partition: 'partitions',
    }),
    arrivals: gauge('valence_scaling_arrivals_records', 'Arriving records per second', {
      topic: 'topics',
      partition: 'partitions',
    }),
    done: gauge('valence_scaling_done_records', 'Records per second that the group commits', {
      topic: 'topics',
      partition: 'partitions',
    }),
    drain: gauge(
      'valence_scaling_drain_seconds',
      'Estimated time until the lag is 0 at the current rates; +Inf while it does not shrink',
    ),
    hot: gauge('valence_scaling_hot_partitions', 'Partitions with more load than the capacity of one processor'),
    decisions: counter('valence_scaling_decisions_total', 'Scaling decisions by reason', {
      reason: ['steady', 'up', 'down', 'waiting-to-go-down', 'rebalance', 'unreachable'],
    }),
  },
  feedback: {
    events: counter('valence_feedback_events_total', 'True labels by outcome', {
      outcome: ['right', 'wrong', 'unmatched', 'repeated', 'unknown-label', 'invalid'],
    }),
    labels: counter(
      'valence_feedback_labels_total',
      'Texts with a true label, by model version, true label and scored label',
      {
        version: 'versions',
        truth: 'labels',
        answer: 'labels',
      },
    ),
    delay: histogram(
      'valence_feedback_delay_seconds',
      'Time from a score to the arrival of its true label',
      buckets.feedbackSeconds,
    ),
    waiting: gauge('valence_feedback_waiting_events', 'Scores and true labels that wait for their counterpart', {
      kind: ['scored', 'feedback'],
    }),
  },
  log: {
    lines: counter('valence_log_lines_total', 'Written log lines by level', {
      level: ['debug', 'info', 'warn', 'error', 'fatal'],
    }),
    suppressed: counter('valence_log_suppressed_total', 'Repeated warnings and errors that were suppressed'),
  },
  process: {
    memoryLimit: gauge(
      'valence_process_memory_limit_bytes',
      'Memory limit of the process: that of its cgroup, else the memory of the machine',
    ),
    cpuLimit: gauge('valence_process_cpu_limit_cores', 'CPU cores available to the process'),
  },
} as const satisfies Record<string, Record<string, MetricSpec>>

export type MetricTree = typeof metricTree
