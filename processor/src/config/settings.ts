import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { addressList, list } from './lists.ts'

/** One environment variable: how it is read, its default in the same text form, and what it does. */
export interface Setting<T = unknown> {
  readonly schema: z.ZodType<T>
  /** The text a user would write; undefined means the setting may stay unset. */
  readonly fallback?: string
  /** What docs and `doctor` print instead of a fallback that differs from machine to machine. */
  readonly fallbackNote?: string
  readonly doc: string
  /** Never printed. */
  readonly secret?: true
}

const text = z.string().min(1)
const port = z.coerce.number().int().min(0).max(65_535)
const flag = z.enum(['true', 'false'], 'must be true or false').transform((value) => value === 'true')
const url = (...protocols: string[]) =>
  z.url({ protocol: new RegExp(`^(${protocols.join('|')})$`), error: `must be a URL (${protocols.join(', ')})` })

function whole(min: number, max = Number.MAX_SAFE_INTEGER) {
  return z.coerce.number({ error: 'must be a number' }).int('must be a whole number').min(min).max(max)
}

/** Timers cannot wait longer: beyond this they ring at once. */
export const maxTimerMs = 2 ** 31 - 1

function milliseconds(min: number, max = maxTimerMs) {
  return whole(min, max)
}

function required<T>(schema: z.ZodType<T>, fallback: string, doc: string, fallbackNote?: string) {
  return { schema, fallback, doc, ...(fallbackNote === undefined ? {} : { fallbackNote }) }
}

function optional<T>(schema: z.ZodType<T>, doc: string) {
  return { schema, doc } as { schema: z.ZodType<T>; doc: string; fallback?: never }
}

function secret<T>(schema: z.ZodType<T>, doc: string) {
  return { schema, doc, secret: true } as { schema: z.ZodType<T>; doc: string; fallback?: never; secret: true }
}

const maxWorkers = 256

/** Every VALENCE_* setting. Units are in the names. `docs/configuration.md` is checked against this table both ways. */
export const settings = {
  VALENCE_KAFKA_BROKERS: required(addressList, 'localhost:9092', 'Bootstrap brokers, `host:port`, comma separated'),
  VALENCE_KAFKA_GROUP_ID: required(text, 'valence', 'Consumer group; also the prefix of the transactional ids'),
  VALENCE_KAFKA_INSTANCE_ID: optional(
    text,
    'Static membership: a stable name of this processor, so that a restart takes its partitions back without a rebalance. Unset: the host name and the first number that no other processor of the group has there (Linux; elsewhere the member is dynamic)',
  ),
  VALENCE_KAFKA_LEAVE_ON_STOP: required(
    flag,
    'true',
    'Leave the group on a graceful stop, so that others take over at once. `false` keeps its partitions for a restart under the same instance id',
  ),
  VALENCE_KAFKA_START: required(
    z.enum(['earliest', 'latest']),
    'earliest',
    'Where to begin on a partition without a committed offset: `earliest` or `latest`. A partition added to a topic that the group reads already begins at its first record',
  ),
  VALENCE_KAFKA_SESSION_TIMEOUT_MS: required(
    milliseconds(6_000, 300_000),
    '10000',
    'A processor that is silent for this long loses its partitions',
  ),
  VALENCE_KAFKA_TRANSACTION_TIMEOUT_MS: required(
    milliseconds(1_000, 900_000),
    '30000',
    'The broker aborts a transaction that stays open for this long',
  ),
  VALENCE_KAFKA_BATCH_MAX_RECORDS: required(whole(1, 1_000), '256', 'Input records in one transaction, at most'),
  VALENCE_KAFKA_QUEUE_MAX_RECORDS: required(
    whole(1),
    '1024',
    'Records fetched ahead per partition; above it the partition is paused',
  ),
  VALENCE_KAFKA_BUFFER_BYTES: required(
    whole(8_388_608, 68_719_476_736),
    '134217728',
    'Memory for fetched records of all partitions together, unpacked, and 512 bytes for each; partitions wait for it',
  ),
  VALENCE_KAFKA_MAX_BATCH_BYTES: required(
    whole(1_048_576, 1_073_741_824),
    '33554432',
    'What a compressed record batch may unpack to, each record counted as 128 bytes at least; a larger one stops its partition',
  ),
  VALENCE_KAFKA_COMPRESSION: required(
    z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    'zstd',
    'Compression of what is published: `none`, `gzip`, `snappy`, `lz4` or `zstd`',
  ),
  VALENCE_KAFKA_TLS_ENABLED: required(flag, 'false', 'Connect to the brokers with TLS'),
  VALENCE_KAFKA_TLS_CA_FILE: optional(text, 'PEM file of the authority that signed the brokers'),
  VALENCE_KAFKA_TLS_CERT_FILE: optional(text, 'PEM file of the client certificate (mTLS)'),
  VALENCE_KAFKA_TLS_KEY_FILE: optional(text, 'PEM file of the client key (mTLS)'),
  VALENCE_KAFKA_SASL_MECHANISM: optional(
    z.enum(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer']),
    'SASL mechanism: `plain`, `scram-sha-256`, `scram-sha-512` or `oauthbearer`',
  ),
  VALENCE_KAFKA_SASL_USERNAME: optional(text, 'SASL user name'),
  VALENCE_KAFKA_SASL_PASSWORD: secret(text, 'SASL password'),
  VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE: optional(
    text,
    'File that holds a bearer token, for `oauthbearer`; read at every login, so that whoever renews it need not restart anything',
  ),
  VALENCE_KAFKA_SASL_OAUTH_TOKEN_URL: optional(
    url('http', 'https'),
    'Token endpoint of the issuer, for `oauthbearer` with the client credentials grant',
  ),
  VALENCE_KAFKA_SASL_OAUTH_CLIENT_ID: optional(text, 'Client id at the token endpoint'),
  VALENCE_KAFKA_SASL_OAUTH_CLIENT_SECRET: secret(text, 'Client secret at the token endpoint'),
  VALENCE_KAFKA_SASL_OAUTH_SCOPE: optional(text, 'Scope to ask the token endpoint for'),
  VALENCE_INPUT_TOPICS: required(list, 'sentiment.texts.v1', 'Input topics, comma separated'),
  VALENCE_INPUT_FORMAT: required(
    z.enum(['auto', 'avro', 'json', 'text']),
    'auto',
    'Accepted record format: `auto` recognises each record; `avro` (any Confluent wire format), `json` or `text` accept only that one',
  ),
  VALENCE_OUTPUT_TOPIC: required(text, 'sentiment.scores.v1', 'Topic of the scored events'),
  VALENCE_OUTPUT_FORMAT: required(
    z.enum(['auto', 'avro', 'json']),
    'auto',
    'Format of the scored events; `auto` is Avro where a schema registry is configured, else JSON',
  ),
  VALENCE_DEAD_LETTER_TOPIC: required(text, 'sentiment.dead-letters.v1', 'Topic of the dead letters'),
  VALENCE_SCHEMA_REGISTRY_URL: optional(
    url('http', 'https'),
    'Base URL of a Confluent-compatible schema registry. Unset: JSON and bare texts only',
  ),
  VALENCE_SCHEMA_REGISTRY_USERNAME: optional(text, 'User name for the registry (basic authentication)'),
  VALENCE_SCHEMA_REGISTRY_PASSWORD: secret(text, 'Password for the registry (basic authentication)'),
  VALENCE_REDIS_URL: optional(
    url('redis', 'rediss'),
    'Redis for what all replicas share: scores, rate limits, revocations, answers to idempotency keys. Unset: each has its own, and nothing can be revoked',
  ),
  VALENCE_REDIS_TOPOLOGY: required(
    z.enum(['single', 'sentinel', 'cluster']),
    'single',
    '`sentinel` or `cluster`: VALENCE_REDIS_URL then names the first sentinel or node, with the user, password and database of the servers; scores are looked up on replicas',
  ),
  VALENCE_REDIS_NODES: optional(addressList, 'More sentinels or nodes of the cluster, `host:port`, comma separated'),
  VALENCE_REDIS_SENTINEL_NAME: required(text, 'mymaster', 'What the sentinels call the primary'),
  VALENCE_REDIS_SENTINEL_PASSWORD: secret(text, 'Password of the sentinels themselves'),
  VALENCE_REDIS_TLS_CA_FILE: optional(
    text,
    'PEM file of the authority that signed Redis; the URL begins with `rediss:`',
  ),
  VALENCE_REDIS_TLS_CERT_FILE: optional(text, 'PEM file of the client certificate for Redis (mTLS)'),
  VALENCE_REDIS_TLS_KEY_FILE: optional(text, 'PEM file of the client key for Redis (mTLS)'),
  VALENCE_MODEL: required(
    text,
    'default',
    'The model: `default`, `fast`, `name` or `name@version` in the store, a folder with a model.json, or the `file:`, `https:` or `s3:` URI of a model.json',
  ),
  VALENCE_MODEL_STORE: required(
    text,
    join(homedir(), '.cache/valence/models'),
    'Folder that models named by a URI are copied to; several processes may share it',
    '`~/.cache/valence/models`',
  ),
  VALENCE_MODEL_STORE_KEEP: required(
    whole(1, 1_000),
    '5',
    'Models the store keeps; older ones go once nobody has used them for a day',
  ),
  VALENCE_MODEL_URI_ALLOW: optional(
    list,
    'Prefixes that models, redirects included, may be fetched from, comma separated: `https://host/folder/`, `s3://bucket/folder/`. Unset: the folder of the URI itself',
  ),
  VALENCE_MODEL_PATH_ALLOW: optional(
    list,
    'Folders that models on this machine may be read from, symbolic links resolved, comma separated. Unset: the folder of the model itself',
  ),
  VALENCE_MODEL_PUBLIC_KEY_FILE: optional(
    text,
    'PEM file of the Ed25519 public key that signs manifests (`model.json.sig`); set, models from a URI must be signed',
  ),
  VALENCE_MODEL_TOKEN: secret(text, 'Bearer token for the model registry; sent to the host of the manifest only'),
  VALENCE_MODEL_S3_ENDPOINT: optional(
    url('http', 'https'),
    'S3-compatible endpoint, addressed by path. Unset: AWS; region and credentials come from `AWS_*`',
  ),
  VALENCE_MODEL_POLL_MS: required(
    milliseconds(0),
    '60000',
    'How often the manifest of a model from a URI is looked at for a new version; 0: only on `POST /model/reload`',
  ),
  VALENCE_MODEL_MAX_BYTES: required(whole(1_024), '1073741824', 'Largest model that is fetched, all files together'),
  VALENCE_MODEL_CONNECT_TIMEOUT_MS: required(milliseconds(10), '5000', 'The registry must begin to answer within this'),
  VALENCE_MODEL_IDLE_TIMEOUT_MS: required(milliseconds(10), '15000', 'A download may not pause for longer than this'),
  VALENCE_MODEL_TIMEOUT_MS: required(milliseconds(100), '600000', 'Fetching a model may take this long in all'),
  VALENCE_MODEL_SHADOW: optional(
    text,
    'A candidate, named like VALENCE_MODEL, that scores a sample of live texts for comparison and never changes a result',
  ),
  VALENCE_MODEL_SHADOW_RATIO: required(
    z.coerce.number({ error: 'must be a number' }).min(0).max(1),
    '0.05',
    'Share of the scored texts that the candidate is tried on',
  ),
  VALENCE_MODEL_SHADOW_QUEUE_TEXTS: required(
    whole(1),
    '256',
    'Sampled texts that may wait for the candidate; beyond it they are dropped',
  ),
  VALENCE_INFERENCE_WORKERS: required(
    whole(1, maxWorkers),
    String(Math.min(maxWorkers, availableParallelism())),
    'Inference workers, one session with one thread each',
    'one per core, 256 at most',
  ),
  VALENCE_INFERENCE_TIMEOUT_MS: required(
    milliseconds(100),
    '10000',
    'A batch that runs longer loses its worker and is tried again',
  ),
  VALENCE_BATCH_MAX_TEXTS: required(whole(1, 256), '16', 'Texts in one inference batch, at most'),
  VALENCE_BATCH_MAX_TOKENS: required(whole(16), '256', 'Padded tokens in one inference batch, at most'),
  VALENCE_BATCH_MAX_AGE_MS: required(
    milliseconds(0, 10_000),
    '2',
    'A text waits at most this long for others to share its batch while a worker is free',
  ),
  VALENCE_CACHE_MAX_BYTES: required(whole(0), '16777216', 'Size of the in-process score cache; 0 switches it off'),
  VALENCE_CACHE_TTL_MS: required(milliseconds(1_000), '86400000', 'How long Redis keeps a score'),
  VALENCE_AUTH_MODE: required(
    z.enum(['jwt', 'api-key', 'none']),
    'jwt',
    'How HTTP callers authenticate: `jwt`, `api-key`, or `none`, which is only allowed on a loopback address',
  ),
  VALENCE_AUTH_ALLOW_INSECURE: required(flag, 'false', 'Allow `VALENCE_AUTH_MODE=none` on any address'),
  VALENCE_AUTH_JWKS_URL: optional(url('http', 'https'), 'Key set of the token issuer (JWKS); needed by `jwt`'),
  VALENCE_AUTH_ISSUER: optional(text, 'The `iss` that tokens must carry; needed by `jwt`'),
  VALENCE_AUTH_AUDIENCE: optional(text, 'The `aud` that tokens must carry; needed by `jwt`'),
  VALENCE_AUTH_CLOCK_SKEW_MS: required(
    milliseconds(0, 60_000),
    '5000',
    'How far the clock of the issuer may be off when `exp` and `nbf` are checked',
  ),
  VALENCE_AUTH_API_KEYS_FILE: optional(
    text,
    'File of API keys, one a line: SHA-256 of the key in hex, subject, scopes separated by commas; needed by `api-key`; read again when it changes',
  ),
  VALENCE_HTTP_ENABLED: required(
    flag,
    'false',
    'Let `valence process` serve HTTP as well, on the same engine; `valence serve` always does',
  ),
  VALENCE_HTTP_HOST: required(text, '127.0.0.1', 'Address the HTTP facade listens on'),
  VALENCE_HTTP_PORT: required(port, '8080', 'Port of the HTTP facade; 0 lets the system choose'),
  VALENCE_HTTP_TIMEOUT_MS: required(
    milliseconds(1, 60_000),
    '2000',
    'Deadline of a request without a `timeout-ms` header; what is not scored by then is dropped',
  ),
  VALENCE_HTTP_MAX_BODY_BYTES: required(whole(1_024, 67_108_864), '1048576', 'Largest request body'),
  VALENCE_HTTP_MAX_HEADER_BYTES: required(whole(1_024, 262_144), '16384', 'Largest header section of a request'),
  VALENCE_HTTP_MAX_CONNECTIONS: required(
    whole(1),
    '20000',
    'Connections held at the same time; more are closed at once',
  ),
  VALENCE_HTTP_REQUEST_TIMEOUT_MS: required(
    milliseconds(100),
    '15000',
    'A request whose headers and body have not arrived after this long is answered with 408',
  ),
  VALENCE_HTTP_KEEP_ALIVE_MS: required(milliseconds(0), '72000', 'An idle connection is closed after this long'),
  VALENCE_HTTP_MAX_IN_FLIGHT_TEXTS: required(
    whole(0),
    '0',
    'Texts of HTTP in work at the same time; beyond it requests get 503 at once. 0: 24 per inference worker',
  ),
  VALENCE_HTTP_TARGET_LATENCY_MS: required(
    milliseconds(0, 60_000),
    '80',
    'While scoring takes longer than this on average, fewer texts are let in; 0 never lets in fewer',
  ),
  VALENCE_HTTP_RATE_LIMIT_TEXTS: required(
    whole(0),
    '6000',
    'Texts a minute for one authenticated subject, over all replicas where Redis is configured; 0 switches it off',
  ),
  VALENCE_HTTP_RATE_LIMIT_REQUESTS: required(
    whole(0),
    '6000',
    'Requests a minute from one address, over all replicas where Redis is configured; 0 switches it off',
  ),
  VALENCE_HTTP_CORS_ORIGINS: optional(
    list,
    'Origins whose pages may call the facade from a browser, comma separated. Unset: its own only',
  ),
  VALENCE_HTTP_TRUSTED_PROXIES: optional(
    list,
    'Addresses or CIDR ranges of proxies whose `X-Forwarded-*` headers count, comma separated. Unset: nobody',
  ),
  VALENCE_HTTP_CACHE_SCOPE: required(
    z.enum(['private', 'public']),
    'private',
    'Who may keep answers of `GET /v1/score`: `private` (the browser) or `public` (shared caches as well)',
  ),
  VALENCE_HTTP_CACHE_MAX_AGE_MS: required(
    milliseconds(0),
    '60000',
    'For how long answers of `GET /v1/score` may be kept',
  ),
  VALENCE_HTTP_TLS_CERT_FILE: optional(
    text,
    'PEM file of the certificate chain; with the key it switches TLS on. Read again when it changes',
  ),
  VALENCE_HTTP_TLS_KEY_FILE: optional(text, 'PEM file of the private key'),
  VALENCE_HTTP_TLS_CLIENT_CA_FILE: optional(
    text,
    'PEM file of the authority that signs clients; set, a client certificate is required (mTLS)',
  ),
  VALENCE_HTTP_KAFKA_ENABLED: required(
    flag,
    'false',
    'Use VALENCE_KAFKA_BROKERS for `POST /v1/texts` and `GET /v1/scores/stream`; scoring needs no Kafka',
  ),
  VALENCE_HTTP_MAX_STREAMS: required(whole(0), '1000', 'Clients of `GET /v1/scores/stream` at the same time'),
  VALENCE_ADMIN_HOST: required(text, '127.0.0.1', 'Address the admin port listens on'),
  VALENCE_ADMIN_PORT: required(port, '9464', 'Port of /metrics, /livez and /readyz; 0 lets the system choose'),
  VALENCE_SCALING_TARGET_MS: required(
    milliseconds(5_000),
    '60000',
    'A text is to be scored within this long after it came; replicas are counted so that it is',
  ),
  VALENCE_SCALING_MIN_REPLICAS: required(whole(0), '1', 'Processors that are always there; 0 allows none while idle'),
  VALENCE_SCALING_MAX_REPLICAS: optional(whole(1), 'Processors at most. Unset: one for each input partition'),
  VALENCE_SCALING_CAPACITY_TEXTS: required(
    whole(1),
    '500',
    'Texts a second that one processor is believed to do until it was seen at its limit',
  ),
  VALENCE_SCALING_INTERVAL_MS: required(milliseconds(200), '5000', 'How often the group is looked at'),
  VALENCE_SCALING_START_MS: required(
    milliseconds(0),
    '30000',
    'From asking for a processor until it scores: scheduling, image, start',
  ),
  VALENCE_SCALING_REBALANCE_MS: required(
    milliseconds(0),
    '5000',
    'The group stands still for about this long when a member comes or goes',
  ),
  VALENCE_SCALING_DOWN_AFTER_MS: required(
    milliseconds(1_000),
    '300000',
    'Fewer processors must have been enough for this long before one is given up',
  ),
  VALENCE_BULK_S3_ENDPOINT: optional(
    url('http', 'https'),
    'S3-compatible endpoint that `valence bulk` reads from, addressed by path. Unset: AWS; region and credentials come from `AWS_*`',
  ),
  VALENCE_FEEDBACK_TOPIC: optional(
    text,
    'Topic of true labels; set, `valence lag-service` counts how often the model was right. Unset: nothing is read',
  ),
  VALENCE_FEEDBACK_WINDOW_MS: required(
    milliseconds(1_000),
    '86400000',
    'A true label counts if it comes within this long after the score',
  ),
  VALENCE_FEEDBACK_WINDOW_EVENTS: required(
    whole(1, 10_000_000),
    '100000',
    'Scores that may wait for their true label at the same time, some 200 bytes each; beyond it the oldest are forgotten',
  ),
  VALENCE_LOG_LEVEL: required(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    'info',
    'Least severe log level that is written',
  ),
  VALENCE_SHUTDOWN_TIMEOUT_MS: required(
    milliseconds(100),
    '20000',
    'Deadline of a graceful stop; three quarters of it are for draining',
  ),
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings
