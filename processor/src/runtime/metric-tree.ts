/** How a metric is declared; names follow valence_<area>_<what>_{seconds,bytes,total,ratio}. */
export interface MetricSpec {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly name: string
  readonly help: string
  readonly labels: readonly string[]
  readonly buckets?: readonly number[]
}

/** Bucket edges, all in one place so that phases can be compared. */
const buckets = {
  phaseSeconds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  endToEndSeconds: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800],
  batchTexts: [1, 2, 4, 8, 12, 16, 24, 32, 64],
  batchTokens: [16, 32, 64, 128, 256, 512, 1024, 2048, 4096],
  transactionRecords: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000],
  ratio: [0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1],
} as const

function counter<const L extends readonly string[]>(name: string, help: string, labels: L) {
  return { kind: 'counter', name, help, labels } as const
}

function gauge<const L extends readonly string[]>(name: string, help: string, labels: L) {
  return { kind: 'gauge', name, help, labels } as const
}

function histogram<const L extends readonly string[]>(name: string, help: string, edges: readonly number[], labels: L) {
  return { kind: 'histogram', name, help, labels, buckets: edges } as const
}

/** Every metric of Valence by area. The phases share a stem: decode, queue, tokenize, infer, encode, commit. */
export const metricTree = {
  pipeline: {
    records: counter('valence_pipeline_records_total', 'Input records by what became of them', ['topic', 'outcome']),
    deadLetters: counter('valence_pipeline_dead_letters_total', 'Dead letters by error code', ['code']),
    retries: counter('valence_pipeline_retries_total', 'Batches tried again by error code', ['code']),
    decode: histogram(
      'valence_pipeline_decode_seconds',
      'Time to decode the records of one transaction',
      buckets.phaseSeconds,
      [],
    ),
    score: histogram(
      'valence_pipeline_score_seconds',
      'Time from decoded to scored for the records of one transaction',
      buckets.phaseSeconds,
      [],
    ),
    encode: histogram(
      'valence_pipeline_encode_seconds',
      'Time to encode the results of one transaction',
      buckets.phaseSeconds,
      [],
    ),
    commit: histogram(
      'valence_pipeline_commit_seconds',
      'Time to publish and commit one transaction',
      buckets.phaseSeconds,
      [],
    ),
    endToEnd: histogram(
      'valence_pipeline_end_to_end_seconds',
      'Time from the append of a record to the commit of its result',
      buckets.endToEndSeconds,
      [],
    ),
    transactionRecords: histogram(
      'valence_pipeline_transaction_records',
      'Input records in one transaction',
      buckets.transactionRecords,
      [],
    ),
    queued: gauge('valence_pipeline_queued_records', 'Records fetched and waiting to be scored', [
      'topic',
      'partition',
    ]),
  },
  kafka: {
    transactions: counter('valence_kafka_transactions_total', 'Transactions by outcome', ['outcome']),
    takeovers: histogram(
      'valence_kafka_takeover_seconds',
      'Time to take a partition: fence, read the position, seek',
      buckets.phaseSeconds,
      [],
    ),
    rebalances: counter('valence_kafka_rebalances_total', 'Group generations this member joined', []),
    partitions: gauge('valence_kafka_assigned_partitions', 'Partitions assigned to this member', []),
    lag: gauge('valence_kafka_lag_records', 'Records behind the high watermark, as of the last fetch', [
      'topic',
      'partition',
    ]),
  },
  scoring: {
    texts: counter('valence_scoring_texts_total', 'Texts asked for by origin and verdict', ['origin', 'verdict']),
    queueDepth: gauge('valence_scoring_queue_texts', 'Texts waiting for a batch by origin', ['origin']),
    queue: histogram(
      'valence_scoring_queue_seconds',
      'Time a text waits for its batch to start',
      buckets.phaseSeconds,
      ['origin'],
    ),
    dropped: counter('valence_scoring_dropped_total', 'Texts dropped before inference by reason', ['reason']),
    deduplicated: counter('valence_scoring_deduplicated_total', 'Texts that joined an identical one in flight', []),
    batches: counter('valence_scoring_batches_total', 'Batches by what closed them', ['cause']),
    batchTexts: histogram('valence_scoring_batch_texts', 'Texts in a batch', buckets.batchTexts, []),
    batchTokens: histogram('valence_scoring_batch_tokens', 'Padded tokens in a batch', buckets.batchTokens, []),
    padding: histogram('valence_scoring_padding_ratio', 'Share of a batch that is padding', buckets.ratio, []),
    bisections: counter('valence_scoring_bisections_total', 'Failing batches that were cut in two', []),
    cacheLookups: counter('valence_scoring_cache_lookups_total', 'Cache look-ups by level and outcome', [
      'level',
      'outcome',
    ]),
    cacheSize: gauge('valence_scoring_cache_bytes', 'Bytes held by the in-process cache', []),
  },
  inference: {
    tokenize: histogram(
      'valence_inference_tokenize_seconds',
      'Time to tokenize one slice of texts',
      buckets.phaseSeconds,
      [],
    ),
    infer: histogram('valence_inference_infer_seconds', 'Time a batch spends in the graph', buckets.phaseSeconds, []),
    workers: gauge('valence_inference_workers', 'Inference workers that are alive', []),
    workerRestarts: counter('valence_inference_worker_restarts_total', 'Workers replaced by reason', ['reason']),
  },
  model: {
    info: gauge('valence_model_info', 'The active model; the value is 1', ['name', 'version', 'sha256']),
    labels: counter('valence_model_labels_total', 'Scored texts by label', ['label']),
    reloads: counter('valence_model_reloads_total', 'Looks for a new model by outcome', ['outcome']),
    refusals: counter('valence_model_refusals_total', 'New models that were refused by error code', ['code']),
    swap: histogram(
      'valence_model_swap_seconds',
      'Time from finding a new model to scoring with it',
      buckets.endToEndSeconds,
      [],
    ),
    drain: histogram(
      'valence_model_drain_seconds',
      'Time from a swap until the old model has drained and is closed',
      buckets.endToEndSeconds,
      [],
    ),
    downloaded: counter('valence_model_downloaded_bytes_total', 'Bytes of models fetched from registries', []),
  },
  shadow: {
    texts: counter('valence_shadow_texts_total', 'Sampled texts by what the candidate made of them', ['outcome']),
    labels: counter('valence_shadow_labels_total', 'Compared texts by the label of each model', [
      'active',
      'candidate',
    ]),
    distance: histogram(
      'valence_shadow_distance_ratio',
      'Half the sum of differences between the probabilities of both models',
      buckets.ratio,
      [],
    ),
    infer: histogram(
      'valence_shadow_infer_seconds',
      'Time a batch spends in the graph of the candidate',
      buckets.phaseSeconds,
      [],
    ),
  },
  http: {
    requests: counter('valence_http_requests_total', 'Requests by route, method and status', [
      'route',
      'method',
      'status',
    ]),
    duration: histogram(
      'valence_http_request_seconds',
      'Time from the headers of a request to the end of its answer',
      buckets.phaseSeconds,
      ['route'],
    ),
    refused: counter('valence_http_refused_total', 'Requests refused by error code', ['code']),
    inFlight: gauge('valence_http_in_flight_texts', 'Texts of HTTP in work', []),
    connections: gauge('valence_http_connections', 'Open connections', []),
    clientErrors: counter('valence_http_client_errors_total', 'Connections that sent no readable request', ['code']),
    limiterFallbacks: counter(
      'valence_http_limiter_fallbacks_total',
      'Rate limits decided in process because Redis is away',
      [],
    ),
    revocationsUnchecked: counter(
      'valence_http_revocations_unchecked_total',
      'Credentials accepted without asking for revocation because Redis is away',
      [],
    ),
    idempotencyFallbacks: counter(
      'valence_http_idempotency_fallbacks_total',
      'Answers to idempotency keys that other replicas do not know because Redis is away',
      [],
    ),
    streams: gauge('valence_http_streams', 'Clients of the score stream', []),
    streamEvents: counter('valence_http_stream_events_total', 'Events sent to clients of the score stream', []),
    streamsDropped: counter('valence_http_streams_dropped_total', 'Streams ended by the server by reason', ['reason']),
    textsAccepted: counter('valence_http_texts_accepted_total', 'Texts acknowledged by the broker', []),
  },
  breaker: {
    state: gauge('valence_breaker_state', 'Circuit breakers: 0 closed, 1 half open, 2 open', ['part']),
    opened: counter('valence_breaker_opened_total', 'Times a circuit breaker opened', ['part']),
    failures: counter('valence_breaker_failures_total', 'Calls that failed behind a circuit breaker', ['part']),
  },
  redis: {
    errors: counter('valence_redis_errors_total', 'Redis calls that failed and were treated as a miss', []),
  },
} as const satisfies Record<string, Record<string, MetricSpec>>

export type MetricTree = typeof metricTree
