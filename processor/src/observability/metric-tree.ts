/** What a label without a closed list of values is bounded by. */
export const labelBounds = {
  topics: 'input topics that are configured',
  partitions: 'partitions assigned to this processor',
  codes: 'codes of the error catalogue',
  routes: 'routes of the facade, and `unknown`',
  methods: 'methods of HTTP',
  statuses: 'status codes of HTTP',
  labels: 'labels of the model',
  models: 'the active model alone',
  versions: 'the first 10 model versions that were judged, then `other`',
  sources: 'the first 50 sources, then `other`; `none` without one',
} as const

/** The values a label can have: a closed list, which starts at zero, or what bounds their number. */
export type LabelDomain = readonly string[] | keyof typeof labelBounds

/** How a metric is declared; names follow valence_<area>_<what>_{seconds,bytes,total,ratio}. */
export interface MetricSpec {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly name: string
  readonly help: string
  readonly labels: Readonly<Record<string, LabelDomain>>
  readonly buckets?: readonly number[]
  /** Its buckets carry the id of a trace where the text was traced (OpenMetrics only). */
  readonly exemplars?: boolean
}

type Labels = Readonly<Record<string, LabelDomain>>

const origins = ['kafka', 'http', 'cli'] as const
const breakerParts = ['kafka', 'redis', 'redis-cache', 'registry', 'jwks'] as const

/** Bucket edges, all in one place so that phases can be compared. */
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

/** A histogram whose buckets remember a trace. */
function traced<const S extends MetricSpec>(spec: S) {
  return { ...spec, exemplars: true } as const
}

/** Every metric of Valence by area. The phases share a stem: decode, queue, tokenize, infer, encode, commit. */
export const metricTree = {
  pipeline: {
    records: counter('valence_pipeline_records_total', 'Input records by what became of them', {
      topic: 'topics',
      outcome: ['scored', 'rejected', 'tombstone'],
    }),
    deadLetters: counter('valence_pipeline_dead_letters_total', 'Dead letters by error code', { code: 'codes' }),
    retries: counter('valence_pipeline_retries_total', 'Batches tried again by error code', { code: 'codes' }),
    decode: histogram(
      'valence_pipeline_decode_seconds',
      'Time to decode the records of one transaction',
      buckets.phaseSeconds,
    ),
    score: histogram(
      'valence_pipeline_score_seconds',
      'Time from decoded to scored for the records of one transaction',
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
        'Time from the append of a record to the commit of its result',
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
      'Time since a partition that stands still has had work and committed none of it',
      { topic: 'topics', partition: 'partitions', code: 'codes' },
    ),
    queued: gauge('valence_pipeline_queued_records', 'Records fetched and waiting to be scored', {
      topic: 'topics',
      partition: 'partitions',
    }),
    heldBytes: gauge('valence_pipeline_held_bytes', 'Memory of records fetched and not committed yet'),
  },
  kafka: {
    transactions: counter('valence_kafka_transactions_total', 'Transactions by outcome', {
      outcome: ['committed', 'aborted', 'fenced'],
    }),
    takeovers: histogram(
      'valence_kafka_takeover_seconds',
      'Time to take a partition: fence, read the position, seek',
      buckets.phaseSeconds,
    ),
    rebalances: counter('valence_kafka_rebalances_total', 'Group generations this member joined'),
    partitions: gauge('valence_kafka_assigned_partitions', 'Partitions assigned to this member'),
    rebalancePauses: histogram(
      'valence_kafka_rebalance_seconds',
      'Time from the start of a rebalance until this member had joined again',
      buckets.phaseSeconds,
    ),
    lag: gauge('valence_kafka_lag_records', 'Offsets from the last commit to the end of the log', {
      topic: 'topics',
      partition: 'partitions',
    }),
    arrived: counter('valence_kafka_arrived_records_total', 'Offsets by which the log grew, markers included', {
      topic: 'topics',
      partition: 'partitions',
    }),
    committed: counter('valence_kafka_committed_records_total', 'Offsets committed, markers included', {
      topic: 'topics',
      partition: 'partitions',
    }),
    drain: gauge(
      'valence_kafka_drain_seconds',
      'Time until the lag is gone at the present rates; +Inf while it does not shrink',
      { topic: 'topics', partition: 'partitions' },
    ),
  },
  scoring: {
    texts: counter('valence_scoring_texts_total', 'Texts asked for by origin and verdict', {
      origin: origins,
      verdict: ['scored', 'rejected', 'retryable'],
    }),
    queueDepth: gauge('valence_scoring_queue_texts', 'Texts waiting for a batch by origin', { origin: origins }),
    queue: histogram(
      'valence_scoring_queue_seconds',
      'Time a text waits for its batch to start',
      buckets.phaseSeconds,
      { origin: origins },
    ),
    dropped: counter('valence_scoring_dropped_total', 'Texts dropped before inference by reason', {
      reason: ['deadline', 'abandoned'],
    }),
    deduplicated: counter('valence_scoring_deduplicated_total', 'Texts that joined an identical one in flight'),
    batches: counter('valence_scoring_batches_total', 'Batches by what closed them', {
      cause: ['tokens', 'texts', 'age', 'drain'],
    }),
    batchTexts: histogram('valence_scoring_batch_texts', 'Texts in a batch', buckets.batchTexts),
    batchTokens: histogram('valence_scoring_batch_tokens', 'Padded tokens in a batch', buckets.batchTokens),
    padding: histogram('valence_scoring_padding_ratio', 'Share of a batch that is padding', buckets.ratio),
    tokens: counter('valence_scoring_tokens_total', 'Tokens given to the graph by origin: who gets which share', {
      origin: origins,
    }),
    bisections: counter('valence_scoring_bisections_total', 'Failing batches that were cut in two'),
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
    infer: histogram('valence_inference_infer_seconds', 'Time a batch spends in the graph', buckets.phaseSeconds),
    workers: gauge('valence_inference_workers', 'Inference workers that are alive'),
    workerRestarts: counter('valence_inference_worker_restarts_total', 'Workers replaced by reason', {
      reason: ['timeout', 'crash', 'refused'],
    }),
  },
  model: {
    info: gauge('valence_model_info', 'The active model; the value is 1', {
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
      'Probability of the label that was chosen, by source; its mean drifts when texts change',
      buckets.confidence,
      { source: 'sources' },
    ),
    reloads: counter('valence_model_reloads_total', 'Looks for a new model by outcome', {
      outcome: ['swapped', 'unchanged', 'refused'],
    }),
    refusals: counter('valence_model_refusals_total', 'New models that were refused by error code', { code: 'codes' }),
    swap: histogram(
      'valence_model_swap_seconds',
      'Time from finding a new model to scoring with it',
      buckets.endToEndSeconds,
    ),
    drain: histogram(
      'valence_model_drain_seconds',
      'Time from a swap until the old model has drained and is closed',
      buckets.endToEndSeconds,
    ),
    downloaded: counter('valence_model_downloaded_bytes_total', 'Bytes of models fetched from registries'),
  },
  shadow: {
    texts: counter('valence_shadow_texts_total', 'Sampled texts by what the candidate made of them', {
      outcome: ['agreed', 'differed', 'dropped', 'failed'],
    }),
    labels: counter('valence_shadow_labels_total', 'Compared texts by the label of each model', {
      active: 'labels',
      candidate: 'labels',
    }),
    distance: histogram(
      'valence_shadow_distance_ratio',
      'Half the sum of differences between the probabilities of both models',
      buckets.ratio,
    ),
    infer: histogram(
      'valence_shadow_infer_seconds',
      'Time a batch spends in the graph of the candidate',
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
        'Time from the headers of a request to the end of its answer',
        buckets.phaseSeconds,
        { route: 'routes' },
      ),
    ),
    refused: counter('valence_http_refused_total', 'Requests refused by error code', { code: 'codes' }),
    inFlight: gauge('valence_http_in_flight_texts', 'Texts of HTTP in work'),
    connections: gauge('valence_http_connections', 'Open connections'),
    clientErrors: counter('valence_http_client_errors_total', 'Connections that sent no readable request', {
      code: 'codes',
    }),
    limiterFallbacks: counter(
      'valence_http_limiter_fallbacks_total',
      'Rate limits decided in process because Redis is away',
    ),
    revocationsUnchecked: counter(
      'valence_http_revocations_unchecked_total',
      'Credentials accepted without asking for revocation because Redis is away',
    ),
    idempotencyFallbacks: counter(
      'valence_http_idempotency_fallbacks_total',
      'Answers to idempotency keys that other replicas do not know because Redis is away',
    ),
    streams: gauge('valence_http_streams', 'Clients of the score stream'),
    streamEvents: counter('valence_http_stream_events_total', 'Events sent to clients of the score stream'),
    streamsDropped: counter('valence_http_streams_dropped_total', 'Streams ended by the server by reason', {
      reason: ['slow', 'shutdown'],
    }),
    textsAccepted: counter('valence_http_texts_accepted_total', 'Texts acknowledged by the broker'),
    certificateExpiry: gauge(
      'valence_http_certificate_expiry_seconds',
      'When the certificate of the facade ends, in seconds since 1970',
    ),
  },
  breaker: {
    state: gauge('valence_breaker_state', 'Circuit breakers: 0 closed, 1 half open, 2 open', { part: breakerParts }),
    opened: counter('valence_breaker_opened_total', 'Times a circuit breaker opened', { part: breakerParts }),
    failures: counter('valence_breaker_failures_total', 'Calls that failed behind a circuit breaker', {
      part: breakerParts,
    }),
  },
  redis: {
    errors: counter('valence_redis_errors_total', 'Redis calls that failed and were treated as a miss'),
  },
  scaling: {
    desired: gauge('valence_scaling_desired_replicas', 'Processors that the policy asks for'),
    replicas: gauge('valence_scaling_replicas', 'Members of the group'),
    target: gauge('valence_scaling_target_seconds', 'Time within which a text is to be scored, as configured'),
    demand: gauge('valence_scaling_demand_replicas', 'Processors that the load asks for, before limits and steps'),
    capacity: gauge('valence_scaling_capacity_records', 'Records a second that one processor does, as learnt'),
    lag: gauge('valence_scaling_lag_records', 'Offsets from the position of the group to the end of the log', {
      topic: 'topics',
      partition: 'partitions',
    }),
    position: gauge('valence_scaling_position_offset', 'Where the group stands in the log', {
      topic: 'topics',
      partition: 'partitions',
    }),
    arrivals: gauge('valence_scaling_arrivals_records', 'Records a second that come', {
      topic: 'topics',
      partition: 'partitions',
    }),
    done: gauge('valence_scaling_done_records', 'Records a second that the group commits', {
      topic: 'topics',
      partition: 'partitions',
    }),
    drain: gauge(
      'valence_scaling_drain_seconds',
      'Time until the lag is gone at the present rates; +Inf while it does not shrink',
    ),
    hot: gauge('valence_scaling_hot_partitions', 'Partitions that ask for more than one processor can do'),
    decisions: counter('valence_scaling_decisions_total', 'Looks at the group by what came of them', {
      reason: ['steady', 'up', 'down', 'waiting-to-go-down', 'rebalance', 'unreachable'],
    }),
  },
  feedback: {
    events: counter('valence_feedback_events_total', 'True labels by what came of them', {
      outcome: ['right', 'wrong', 'unmatched', 'repeated', 'unknown-label', 'invalid'],
    }),
    labels: counter('valence_feedback_labels_total', 'Judged texts by model version, true label and answer', {
      version: 'versions',
      truth: 'labels',
      answer: 'labels',
    }),
    delay: histogram(
      'valence_feedback_delay_seconds',
      'Time from a score until its true label came',
      buckets.feedbackSeconds,
    ),
    waiting: gauge('valence_feedback_waiting_events', 'Scores and true labels that wait for each other', {
      kind: ['scored', 'feedback'],
    }),
  },
  log: {
    lines: counter('valence_log_lines_total', 'Lines logged by level', {
      level: ['debug', 'info', 'warn', 'error', 'fatal'],
    }),
    suppressed: counter('valence_log_suppressed_total', 'Repeated warnings and errors that were not written'),
  },
  process: {
    memoryLimit: gauge('valence_process_memory_limit_bytes', 'Memory this process may use: its cgroup, or the machine'),
    cpuLimit: gauge('valence_process_cpu_limit_cores', 'CPU cores this process may use'),
  },
} as const satisfies Record<string, Record<string, MetricSpec>>

export type MetricTree = typeof metricTree
