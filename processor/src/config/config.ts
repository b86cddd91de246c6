import { ValenceError } from '@valence/schemas'
import { closest, distance } from 'fastest-levenshtein'
import { printable } from '../platform/printable.ts'
import type { Config } from './config-shape.ts'
import { addressSettings, redact } from './redaction.ts'
import { securityChecks } from './security-checks.ts'
import type { Setting } from './setting.ts'
import { settings } from './settings.ts'

export type { Config } from './config-shape.ts'

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

/** What reads scored events finds none on the output topic where it holds enriched records. */
function enrichChecks({ outputMode, httpKafkaEnabled, feedbackTopic }: Config): string[] {
  if (outputMode === 'event') return []
  const readers = [
    ...(httpKafkaEnabled ? ['VALENCE_HTTP_KAFKA_ENABLED'] : []),
    ...(feedbackTopic === undefined ? [] : ['VALENCE_FEEDBACK_TOPIC']),
  ]
  return readers.map((name) => `${name} needs the scored events of VALENCE_OUTPUT_MODE=event`)
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
  problems.push(...securityChecks(config), ...redisTopologyChecks(config), ...enrichChecks(config))
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
