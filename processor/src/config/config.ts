import { ValenceError } from '@valence/schemas'
import { closest, distance } from 'fastest-levenshtein'
import type { z } from 'zod'
import { printable } from '../platform/printable.ts'
import { addressSettings, redact } from './redaction.ts'
import { type Setting, type SettingName, settings } from './settings.ts'

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Lowercase<Head>}${Capitalize<Camel<Tail>>}`
  : Lowercase<S>

type KeyOf<N extends SettingName> = N extends `VALENCE_${infer Rest}` ? Camel<Rest> : never

type ValueOf<N extends SettingName> =
  | z.output<(typeof settings)[N]['schema']>
  | ((typeof settings)[N] extends { readonly fallback: string } ? never : undefined)

/** The configuration after defaults and parsing: VALENCE_KAFKA_GROUP_ID is `kafkaGroupId`. Frozen. */
export type Config = { readonly [N in SettingName as KeyOf<N>]: ValueOf<N> }

export type Environment = Readonly<Record<string, string | undefined>>

const prefix = 'VALENCE_'
/** Settings of the local stack and the fault suite, which can be set in the same environment. */
const otherTools = /^VALENCE_(LOCAL|FAULTS)_/

function keyOf(name: string): string {
  return name
    .slice(prefix.length)
    .toLowerCase()
    .replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

function unknownNames(environment: Environment): string[] {
  const known = Object.keys(settings)
  return Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !(name in settings) && !otherTools.test(name))
    .map((name) => {
      const nearest = closest(name, known)
      const hint = distance(name, nearest) <= Math.max(3, name.length / 2) ? `; did you mean ${nearest}?` : ''
      return `${printable(name)} is not a setting${hint}`
    })
}

function readSetting(name: string, setting: Setting, given: string | undefined, problems: string[]): unknown {
  const raw = given === undefined || given === '' ? setting.fallback : given
  if (raw === undefined) return undefined
  const result = setting.schema.safeParse(raw)
  if (result.success) return result.data
  const shown = setting.secret ? '(secret)' : addressSettings.has(name) ? '(not shown)' : JSON.stringify(raw)
  problems.push(`${name}=${shown} ${result.error.issues.map((issue) => issue.message).join('; ')}`)
  return undefined
}

const isSet = (value: unknown) => value !== undefined

function passwordChecks(config: Config): string[] {
  const parts = [config.kafkaSaslMechanism, config.kafkaSaslUsername, config.kafkaSaslPassword]
  if (parts.some(isSet) && !parts.every(isSet)) {
    return ['VALENCE_KAFKA_SASL_MECHANISM, _USERNAME and _PASSWORD are set together or not at all']
  }
  return []
}

function bearerChecks(config: Config): string[] {
  const client = [config.kafkaSaslOauthTokenUrl, config.kafkaSaslOauthClientId, config.kafkaSaslOauthClientSecret]
  const isPartial = client.some(isSet) && !client.every(isSet)
  if (isPartial || client.some(isSet) === isSet(config.kafkaSaslOauthTokenFile)) {
    const ways = 'VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE, or _TOKEN_URL with _CLIENT_ID and _CLIENT_SECRET'
    return [`VALENCE_KAFKA_SASL_MECHANISM=oauthbearer needs either ${ways}`]
  }
  return []
}

function kafkaSecurityChecks(config: Config): string[] {
  const { kafkaTlsCaFile: ca, kafkaTlsCertFile: certificate, kafkaTlsKeyFile: key } = config
  const problems = config.kafkaSaslMechanism === 'oauthbearer' ? bearerChecks(config) : passwordChecks(config)
  if (isSet(certificate) !== isSet(key)) {
    problems.push('VALENCE_KAFKA_TLS_CERT_FILE and VALENCE_KAFKA_TLS_KEY_FILE are set together or not at all')
  }
  // Without this check, credentials meant for TLS would be sent unencrypted.
  if ([ca, certificate, key].some(isSet) && !config.kafkaTlsEnabled) {
    problems.push('VALENCE_KAFKA_TLS_*_FILE need VALENCE_KAFKA_TLS_ENABLED=true')
  }
  return problems
}

function redisSecurityChecks(config: Config): string[] {
  const { redisTlsCaFile: ca, redisTlsCertFile: certificate, redisTlsKeyFile: key } = config
  const problems: string[] = []
  if (isSet(certificate) !== isSet(key)) {
    problems.push('VALENCE_REDIS_TLS_CERT_FILE and VALENCE_REDIS_TLS_KEY_FILE are set together or not at all')
  }
  // With `redis:` the certificates would be ignored and the password sent unencrypted.
  if ([ca, certificate, key].some(isSet) && !config.redisUrl?.startsWith('rediss:')) {
    problems.push('VALENCE_REDIS_TLS_*_FILE need a VALENCE_REDIS_URL that begins with rediss:')
  }
  return problems
}

function redisTopologyChecks({ redisTopology, redisNodes, redisUrl }: Config): string[] {
  if (redisTopology === 'single') {
    return redisNodes === undefined ? [] : ['VALENCE_REDIS_NODES needs VALENCE_REDIS_TOPOLOGY=sentinel or cluster']
  }
  if (redisUrl === undefined) return [`VALENCE_REDIS_TOPOLOGY=${redisTopology} needs VALENCE_REDIS_URL`]
  const database = new URL(redisUrl).pathname.slice(1)
  return redisTopology === 'cluster' && !['', '0'].includes(database)
    ? ['VALENCE_REDIS_URL must not name a database with VALENCE_REDIS_TOPOLOGY=cluster: a cluster has none']
    : []
}

/** Rules that involve several settings. */
function crossChecks(config: Config): string[] {
  const problems: string[] = []
  const { inputTopics, outputTopic, deadLetterTopic, feedbackTopic } = config
  const topics = [...inputTopics, outputTopic, deadLetterTopic, ...(feedbackTopic === undefined ? [] : [feedbackTopic])]
  if (new Set(topics).size !== topics.length) {
    problems.push(
      'VALENCE_INPUT_TOPICS, _OUTPUT_TOPIC, _DEAD_LETTER_TOPIC and _FEEDBACK_TOPIC must name different topics',
    )
  }
  if (config.outputFormat === 'avro' && config.schemaRegistryUrl === undefined) {
    problems.push('VALENCE_OUTPUT_FORMAT=avro needs VALENCE_SCHEMA_REGISTRY_URL')
  }
  if (config.inputFormat === 'avro' && config.schemaRegistryUrl === undefined) {
    problems.push('VALENCE_INPUT_FORMAT=avro needs VALENCE_SCHEMA_REGISTRY_URL')
  }
  problems.push(...kafkaSecurityChecks(config), ...redisSecurityChecks(config), ...redisTopologyChecks(config))
  if ((config.httpTlsCertFile === undefined) !== (config.httpTlsKeyFile === undefined)) {
    problems.push('VALENCE_HTTP_TLS_CERT_FILE and VALENCE_HTTP_TLS_KEY_FILE are set together or not at all')
  }
  if (config.httpTlsClientCaFile !== undefined && config.httpTlsCertFile === undefined) {
    problems.push('VALENCE_HTTP_TLS_CLIENT_CA_FILE needs VALENCE_HTTP_TLS_CERT_FILE')
  }
  return problems
}

/**
 * Reads the configuration from an environment.
 * @throws VAL_CONFIG_INVALID that lists every problem, one per line; an unknown name with the nearest known one
 */
export function readConfig(environment: Environment): Config {
  const problems = unknownNames(environment)
  const entries = Object.entries(settings).map(([name, setting]) => [
    keyOf(name),
    readSetting(name, setting, environment[name], problems),
  ])
  const config = Object.freeze(Object.fromEntries(entries)) as Config
  if (problems.length === 0) problems.push(...crossChecks(config))
  if (problems.length > 0) throw new ValenceError('VAL_CONFIG_INVALID', `\n  ${problems.join('\n  ')}`)
  return config
}

/** The configuration for printing: secrets, and credentials in addresses, are replaced. */
export function redactConfig(config: Config): Record<string, unknown> {
  const entries = Object.entries(settings).map(([name, setting]: [string, Setting]) => {
    const value = (config as Record<string, unknown>)[keyOf(name)]
    if (value !== undefined && setting.secret) return [keyOf(name), '[redacted]']
    return [keyOf(name), redactValue(value)]
  })
  return Object.fromEntries(entries)
}

function redactValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactValue)
  return typeof value === 'string' ? redact(value) : value
}
