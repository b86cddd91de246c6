import { z } from 'zod'
import { addressList, pairs } from './lists.ts'
import { flag, milliseconds, optional, required, secret, text, url, whole } from './setting.ts'

/** How to reach the brokers, and how to behave towards them. */
export const kafkaSettings = {
  VALENCE_KAFKA_BROKERS: required(addressList, 'localhost:9092', 'Bootstrap brokers, `host:port`, comma separated'),
  VALENCE_KAFKA_GROUP_ID: required(text, 'valence', 'Consumer group; also the prefix of the transactional ids'),
  VALENCE_KAFKA_INSTANCE_ID: optional(
    text,
    'Static membership: a stable name of this processor. A restart under the same name gets its partitions back without a rebalance. Unset: the host name and the lowest number that no other processor of the group on this host uses (Linux; on other systems the member is dynamic)',
  ),
  VALENCE_KAFKA_LEAVE_ON_STOP: required(
    flag,
    'true',
    '`true`: leave the group on a graceful stop, so that other members take over at once. `false`: keep the partitions for a restart under the same instance id, until the session times out',
  ),
  VALENCE_KAFKA_START: required(
    z.enum(['earliest', 'latest']),
    'earliest',
    'Start position on a partition without a committed offset: `earliest` or `latest`. A partition added to a topic that the group already reads starts at its first record',
  ),
  VALENCE_KAFKA_SESSION_TIMEOUT_MS: required(
    milliseconds(6_000, 300_000),
    '10000',
    'A processor that sends no heartbeat for this long loses its partitions',
  ),
  VALENCE_KAFKA_TRANSACTION_TIMEOUT_MS: required(
    milliseconds(1_000, 900_000),
    '30000',
    'The broker aborts a transaction that stays open for this long',
  ),
  VALENCE_KAFKA_BATCH_MAX_RECORDS: required(whole(1, 1_000), '256', 'Maximum input records in one transaction'),
  VALENCE_KAFKA_QUEUE_MAX_RECORDS: required(
    whole(1),
    '1024',
    'Records fetched ahead per partition; above it the partition is paused',
  ),
  VALENCE_KAFKA_BUFFER_BYTES: required(
    whole(8_388_608, 68_719_476_736),
    '134217728',
    'Maximum memory for fetched records of all partitions: their decompressed size plus 512 bytes each. Above it, fetching waits',
  ),
  VALENCE_KAFKA_MAX_BATCH_BYTES: required(
    whole(1_048_576, 1_073_741_824),
    '33554432',
    'Maximum decompressed size of a record batch; each record counts as at least 128 bytes. A larger batch stops its partition',
  ),
  VALENCE_KAFKA_COMPRESSION: required(
    z.enum(['none', 'gzip', 'snappy', 'lz4', 'zstd']),
    'gzip',
    'Compression of published records: `none`, `gzip`, `snappy`, `lz4` or `zstd`. Every client reads gzip; kafkajs without extra codecs reads nothing else',
  ),
  VALENCE_KAFKA_TLS_ENABLED: required(flag, 'false', 'Connect to the brokers with TLS'),
  VALENCE_KAFKA_TLS_CA_FILE: optional(text, 'PEM file of the CA that signed the certificates of the brokers'),
  VALENCE_KAFKA_TLS_CERT_FILE: optional(text, 'PEM file of the client certificate (mTLS)'),
  VALENCE_KAFKA_TLS_KEY_FILE: optional(text, 'PEM file of the client key (mTLS)'),
  VALENCE_KAFKA_SASL_MECHANISM: optional(
    z.enum(['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer', 'aws-msk-iam']),
    'SASL mechanism: `plain`, `scram-sha-256`, `scram-sha-512`, `oauthbearer` or `aws-msk-iam` (Amazon MSK; signed with the AWS credentials of the environment, profile, pod or instance)',
  ),
  VALENCE_KAFKA_SASL_USERNAME: optional(text, 'SASL user name'),
  VALENCE_KAFKA_SASL_PASSWORD: secret(text, 'SASL password'),
  VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE: optional(
    text,
    'File with a bearer token, for `oauthbearer`; read at every login, so a renewed token needs no restart',
  ),
  VALENCE_KAFKA_SASL_OAUTH_TOKEN_URL: optional(
    url('http', 'https'),
    'Token endpoint of the issuer, for `oauthbearer` with the client credentials grant',
  ),
  VALENCE_KAFKA_SASL_OAUTH_CLIENT_ID: optional(text, 'Client id at the token endpoint'),
  VALENCE_KAFKA_SASL_OAUTH_CLIENT_SECRET: secret(text, 'Client secret at the token endpoint'),
  VALENCE_KAFKA_SASL_OAUTH_ASSERTION_KEY_FILE: optional(
    text,
    'PEM file of a private key (RSA or EC P-256), instead of the client secret: the client proves itself with a signed assertion (`private_key_jwt`). Read for each token',
  ),
  VALENCE_KAFKA_SASL_OAUTH_ASSERTION_KEY_ID: optional(text, 'Key id (`kid`) in the header of the assertion'),
  VALENCE_KAFKA_SASL_OAUTH_SCOPE: optional(text, 'Scope requested from the token endpoint'),
  VALENCE_KAFKA_SASL_OAUTH_EXTENSIONS: optional(
    pairs,
    'SASL extensions for `oauthbearer`, `name=value`, comma separated, such as `logicalCluster=lkc-…,identityPoolId=pool-…` for Confluent Cloud',
  ),
  VALENCE_KAFKA_SASL_AWS_REGION: optional(text, 'Region of the MSK cluster, for `aws-msk-iam`'),
} as const
