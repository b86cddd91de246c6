import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { fieldSettings } from './field-settings.ts'
import { kafkaSettings } from './kafka-settings.ts'
import { addressList, list } from './lists.ts'
import { outputSettings } from './output-settings.ts'
import { registrySettings } from './registry-settings.ts'
import { flag, milliseconds, optional, port, required, type Setting, secret, text, url, whole } from './setting.ts'

const maxWorkers = 256

/** Every VALENCE_* setting; names end in their unit. `make pages` writes the tables of `docs/configuration.md` from it. */
export const settings = {
  ...kafkaSettings,
  VALENCE_INPUT_TOPICS: required(list, 'sentiment.texts.v1', 'Input topics, comma separated'),
  VALENCE_INPUT_FORMAT: required(
    z.enum(['auto', 'avro', 'json', 'text']),
    'auto',
    'Accepted record format: `auto` detects the format of each record; `avro` (any Confluent wire format), `json` and `text` accept only that format',
  ),
  ...fieldSettings,
  ...outputSettings,
  VALENCE_DEAD_LETTER_TOPIC: required(text, 'sentiment.dead-letters.v1', 'Topic of the dead letters'),
  ...registrySettings,
  VALENCE_REDIS_URL: optional(
    url('redis', 'rediss'),
    'Redis for the state that replicas share: scores, rate limits, revocations, answers to idempotency keys. Unset: each replica keeps its own, and nothing can be revoked',
  ),
  VALENCE_REDIS_TOPOLOGY: required(
    z.enum(['single', 'sentinel', 'cluster']),
    'single',
    '`single`, `sentinel` or `cluster`. With the last two, VALENCE_REDIS_URL is the address of the first sentinel or node, with the user, password and database of the servers; scores are read from replicas',
  ),
  VALENCE_REDIS_NODES: optional(addressList, 'Further sentinels or cluster nodes, `host:port`, comma separated'),
  VALENCE_REDIS_SENTINEL_NAME: required(text, 'mymaster', 'Name of the primary in the sentinels'),
  VALENCE_REDIS_SENTINEL_PASSWORD: secret(text, 'Password of the sentinels themselves'),
  VALENCE_REDIS_TLS_CA_FILE: optional(
    text,
    'PEM file of the CA that signed the certificate of Redis; needs a `rediss:` URL',
  ),
  VALENCE_REDIS_TLS_CERT_FILE: optional(text, 'PEM file of the client certificate for Redis (mTLS)'),
  VALENCE_REDIS_TLS_KEY_FILE: optional(text, 'PEM file of the client key for Redis (mTLS)'),
  VALENCE_MODEL: required(
    text,
    'default',
    'The model: `default`, `fast`, a `name` or `name@version` in the store, a folder with a model.json, or the `file:`, `https:` or `s3:` URI of a model.json',
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
    'Number of models that the store keeps; older ones are deleted after a day without use',
  ),
  VALENCE_MODEL_URI_ALLOW: optional(
    list,
    'Allowed URI prefixes of models and of redirects, comma separated: `https://host/folder/`, `s3://bucket/folder/`. Unset: the folder of the URI',
  ),
  VALENCE_MODEL_PATH_ALLOW: optional(
    list,
    'Allowed folders of local models, after resolving symbolic links, comma separated. Unset: the folder of the model',
  ),
  VALENCE_MODEL_PUBLIC_KEY_FILE: optional(
    text,
    'PEM file of the Ed25519 public key that verifies the signatures of manifests (`model.json.sig`). If set, models from a URI must be signed',
  ),
  VALENCE_MODEL_TOKEN: secret(text, 'Bearer token for the model registry; sent only to the host of the manifest'),
  VALENCE_MODEL_S3_ENDPOINT: optional(
    url('http', 'https'),
    'S3-compatible endpoint, addressed by path. Unset: AWS; region and credentials come from `AWS_*`',
  ),
  VALENCE_MODEL_POLL_MS: required(
    milliseconds(0),
    '60000',
    'Interval of checks for a new version of a model from a URI; 0: only on `POST /model/reload`',
  ),
  VALENCE_MODEL_MAX_BYTES: required(whole(1_024), '1073741824', 'Maximum size of a fetched model, all files together'),
  VALENCE_MODEL_CONNECT_TIMEOUT_MS: required(
    milliseconds(10),
    '5000',
    'Maximum time until the model registry begins its response',
  ),
  VALENCE_MODEL_IDLE_TIMEOUT_MS: required(milliseconds(10), '15000', 'Maximum time without data during a download'),
  VALENCE_MODEL_TIMEOUT_MS: required(milliseconds(100), '600000', 'Maximum time to fetch a model'),
  VALENCE_MODEL_SHADOW: optional(
    text,
    'A candidate model, in the form of VALENCE_MODEL. It scores a sample of the live texts for comparison; results do not change',
  ),
  VALENCE_MODEL_SHADOW_RATIO: required(
    z.coerce.number({ error: 'must be a number' }).min(0).max(1),
    '0.05',
    'Share of the scored texts that the candidate scores too, 0 to 1',
  ),
  VALENCE_MODEL_SHADOW_QUEUE_TEXTS: required(
    whole(1),
    '256',
    'Maximum sampled texts that wait for the candidate; more are dropped',
  ),
  VALENCE_INFERENCE_WORKERS: required(
    whole(1, maxWorkers),
    String(Math.min(maxWorkers, availableParallelism())),
    'Number of inference workers; each has one ONNX session with one thread',
    'one per core, 256 at most',
  ),
  VALENCE_INFERENCE_TIMEOUT_MS: required(
    milliseconds(100),
    '10000',
    'Maximum time of a batch. After it the worker is replaced and the batch is retried',
  ),
  VALENCE_BATCH_MAX_TEXTS: required(whole(1, 256), '16', 'Maximum texts in one inference batch'),
  VALENCE_BATCH_MAX_TOKENS: required(whole(16), '256', 'Maximum tokens in one inference batch, padding included'),
  VALENCE_BATCH_MAX_AGE_MS: required(
    milliseconds(0, 10_000),
    '2',
    'Maximum time a text waits for more texts to fill its batch while a worker is idle',
  ),
  VALENCE_CACHE_MAX_BYTES: required(whole(0), '16777216', 'Size of the in-process score cache; 0 disables it'),
  VALENCE_CACHE_TTL_MS: required(milliseconds(1_000), '86400000', 'Expiry of a score in Redis'),
  VALENCE_AUTH_MODE: required(
    z.enum(['jwt', 'api-key', 'none']),
    'jwt',
    'How HTTP callers authenticate: `jwt`, `api-key`, or `none`, which is only allowed on a loopback address',
  ),
  VALENCE_AUTH_ALLOW_INSECURE: required(flag, 'false', 'Allow `VALENCE_AUTH_MODE=none` on any address'),
  VALENCE_AUTH_JWKS_URL: optional(
    url('http', 'https'),
    'URL of the key set (JWKS) of the token issuer; required by `jwt`',
  ),
  VALENCE_AUTH_ISSUER: optional(text, 'Required `iss` of tokens; required by `jwt`'),
  VALENCE_AUTH_AUDIENCE: optional(text, 'Required `aud` of tokens; required by `jwt`'),
  VALENCE_AUTH_CLOCK_SKEW_MS: required(
    milliseconds(0, 60_000),
    '5000',
    'Allowed clock difference to the issuer when `exp` and `nbf` are checked',
  ),
  VALENCE_AUTH_API_KEYS_FILE: optional(
    text,
    'File of API keys, one per line: SHA-256 of the key in hex, subject, scopes separated by commas; required by `api-key`. Read again when it changes',
  ),
  VALENCE_HTTP_ENABLED: required(
    flag,
    'false',
    'Whether `valence process` serves HTTP too, with the same engine; `valence serve` always does',
  ),
  VALENCE_HTTP_HOST: required(text, '127.0.0.1', 'Address the HTTP facade listens on'),
  VALENCE_HTTP_PORT: required(port, '8080', 'Port of the HTTP facade; 0 lets the system choose'),
  VALENCE_HTTP_TIMEOUT_MS: required(
    milliseconds(1, 60_000),
    '2000',
    'Deadline of a request without a `timeout-ms` header; texts not scored by then are dropped',
  ),
  VALENCE_HTTP_MAX_BODY_BYTES: required(whole(1_024, 67_108_864), '1048576', 'Maximum size of a request body'),
  VALENCE_HTTP_MAX_HEADER_BYTES: required(whole(1_024, 262_144), '16384', 'Maximum size of the headers of a request'),
  VALENCE_HTTP_MAX_CONNECTIONS: required(
    whole(1),
    '20000',
    'Maximum open connections; further ones are closed at once',
  ),
  VALENCE_HTTP_REQUEST_TIMEOUT_MS: required(
    milliseconds(100),
    '15000',
    'Maximum time to receive the headers and the body of a request; after it the answer is 408',
  ),
  VALENCE_HTTP_KEEP_ALIVE_MS: required(milliseconds(0), '72000', 'An idle connection is closed after this long'),
  VALENCE_HTTP_MAX_IN_FLIGHT_TEXTS: required(
    whole(0),
    '0',
    'Maximum HTTP texts in flight; further requests get 503 at once. 0: 24 per inference worker',
  ),
  VALENCE_HTTP_TARGET_LATENCY_MS: required(
    milliseconds(0, 60_000),
    '80',
    'While the average scoring time is above this, fewer HTTP texts are admitted; 0 disables this',
  ),
  VALENCE_HTTP_RATE_LIMIT_TEXTS: required(
    whole(0),
    '6000',
    'Maximum texts per minute of an authenticated subject, over all replicas if Redis is configured; 0 disables it',
  ),
  VALENCE_HTTP_RATE_LIMIT_REQUESTS: required(
    whole(0),
    '6000',
    'Maximum requests per minute from one address, over all replicas if Redis is configured; 0 disables it',
  ),
  VALENCE_HTTP_CORS_ORIGINS: optional(
    list,
    'Origins that browsers may call the facade from (CORS), comma separated. Unset: its own origin only',
  ),
  VALENCE_HTTP_TRUSTED_PROXIES: optional(
    list,
    'Addresses or CIDR ranges of proxies whose `X-Forwarded-*` headers are trusted, comma separated. Unset: none',
  ),
  VALENCE_HTTP_CACHE_SCOPE: required(
    z.enum(['private', 'public']),
    'private',
    'Who may cache answers of `GET /v1/score`: `private` (the browser) or `public` (shared caches too)',
  ),
  VALENCE_HTTP_CACHE_MAX_AGE_MS: required(
    milliseconds(0),
    '60000',
    'Maximum time that answers of `GET /v1/score` may be cached',
  ),
  VALENCE_HTTP_TLS_CERT_FILE: optional(
    text,
    'PEM file of the certificate chain; with the key it enables TLS. Read again when it changes',
  ),
  VALENCE_HTTP_TLS_KEY_FILE: optional(text, 'PEM file of the private key'),
  VALENCE_HTTP_TLS_CLIENT_CA_FILE: optional(
    text,
    'PEM file of the CA that signs client certificates. If set, a client certificate is required (mTLS)',
  ),
  VALENCE_HTTP_KAFKA_ENABLED: required(
    flag,
    'false',
    'Use VALENCE_KAFKA_BROKERS for `POST /v1/texts` and `GET /v1/scores/stream`; scoring needs no Kafka',
  ),
  VALENCE_HTTP_MAX_STREAMS: required(whole(0), '1000', 'Maximum concurrent clients of `GET /v1/scores/stream`'),
  VALENCE_ADMIN_HOST: required(text, '127.0.0.1', 'Address the admin port listens on'),
  VALENCE_ADMIN_PORT: required(port, '9464', 'Port of /metrics, /livez and /readyz; 0 lets the system choose'),
  VALENCE_SCALING_TARGET_MS: required(
    milliseconds(5_000),
    '60000',
    'Target for the time from the arrival of a text to its score; the number of replicas is computed from it',
  ),
  VALENCE_SCALING_MIN_REPLICAS: required(whole(0), '1', 'Minimum processors; 0 allows none while idle'),
  VALENCE_SCALING_MAX_REPLICAS: optional(whole(1), 'Maximum processors. Unset: one per input partition'),
  VALENCE_SCALING_CAPACITY_TEXTS: required(
    whole(1),
    '500',
    'Assumed throughput of a processor, in texts per second, until it has been measured at full load',
  ),
  VALENCE_SCALING_INTERVAL_MS: required(milliseconds(200), '5000', 'Interval between evaluations of the group'),
  VALENCE_SCALING_START_MS: required(
    milliseconds(0),
    '30000',
    'Time from requesting a processor until it scores: scheduling, image pull, start',
  ),
  VALENCE_SCALING_REBALANCE_MS: required(
    milliseconds(0),
    '5000',
    'Expected pause of the group when a member joins or leaves',
  ),
  VALENCE_SCALING_DOWN_AFTER_MS: required(
    milliseconds(1_000),
    '300000',
    'Time for which fewer processors must have been sufficient before one is removed',
  ),
  VALENCE_BULK_S3_ENDPOINT: optional(
    url('http', 'https'),
    'S3-compatible endpoint that `valence bulk` reads from, addressed by path. Unset: AWS; region and credentials come from `AWS_*`',
  ),
  VALENCE_FEEDBACK_TOPIC: optional(
    text,
    'Topic of true labels. If set, `valence lag-service` compares them with the scores. Unset: feedback is off',
  ),
  VALENCE_FEEDBACK_WINDOW_MS: required(
    milliseconds(1_000),
    '86400000',
    'A true label is matched if it arrives within this time after the score',
  ),
  VALENCE_FEEDBACK_WINDOW_EVENTS: required(
    whole(1, 10_000_000),
    '100000',
    'Maximum scores that wait for their true label, about 200 bytes each; above it the oldest are dropped',
  ),
  VALENCE_LOG_LEVEL: required(
    z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    'info',
    'Least severe log level that is written',
  ),
  VALENCE_SHUTDOWN_TIMEOUT_MS: required(
    milliseconds(100),
    '20000',
    'Deadline of a graceful stop; three quarters of it are used for draining',
  ),
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings
