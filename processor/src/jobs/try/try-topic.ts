import { isValenceError, parseExactly, type SchemaRegistry, type TextFields } from '@valence/schemas'
import type { Config } from '../../config/config.ts'
import { textFieldsOf } from '../../config/text-fields.ts'
import { sampleTopic } from '../../kafka/sample-topic.ts'
import { createDecodeStep, type Decoded, indexesBeside } from '../../pipeline/decode.ts'
import { createScoreStep, type RecordResult } from '../../pipeline/score-batch.ts'
import { retryForCommand } from '../../platform/retry-for-command.ts'
import { openRegistry } from '../../registry/open-registry.ts'
import { openCliScorer } from '../../scoring/in-process-scorer.ts'
import { type Candidates, findCandidates } from './candidate-fields.ts'

/** A record of the sample and what a processor would make of it. */
export interface TriedRecord {
  readonly partition: number
  readonly outcome: RecordResult
}

export interface TriedTopic {
  readonly records: readonly TriedRecord[]
  /** Offsets in the log: about the number of its records. */
  readonly offsets: bigint
  /** What could be set where no record of the sample has a text; the records are then tried with its first text. */
  readonly candidates: Candidates | undefined
}

export interface TryOptions {
  readonly topic: string
  readonly limit: number
  readonly signal: AbortSignal
}

/**
 * What a processor with this configuration would make of a topic's newest records. Writes nothing and commits nothing.
 * @throws VAL_KAFKA_*, VAL_MODEL_*, VAL_REGISTRY_UNAVAILABLE
 */
export async function tryTopic(config: Config, options: TryOptions): Promise<TriedTopic> {
  const { topic, limit, signal } = options
  const { records: sampled, offsets } = await sampleTopic(config, topic, limit, signal)
  const records = sampled.map(({ record }) => record)
  const decode = (given: Config) => {
    const { inputFormat: format } = given
    const step = createDecodeStep({ registry: openRegistry(given), format, fields: textFieldsOf(given) })
    return retryForCommand(() => step(records))
  }
  let decoded = await decode(config)
  const candidates = hasNoTexts(decoded) ? findCandidates(await readValues(decoded, openRegistry(config))) : undefined
  if (candidates?.texts[0]) decoded = await decode({ ...config, ...candidateSettings(config, candidates) })
  const outcomes = await score(config, decoded, signal)
  return {
    records: outcomes.map((outcome, index) => ({ partition: sampled[index]?.partition ?? 0, outcome })),
    offsets,
    candidates,
  }
}

/** Tombstones aside. */
function hasNoTexts(decoded: readonly Decoded[]): boolean {
  return decoded.some(({ kind }) => kind === 'rejected') && !decoded.some(({ kind }) => kind === 'text')
}

/** The decoded values of rejected records; unreadable ones are left out. */
async function readValues(decoded: readonly Decoded[], registry: SchemaRegistry | undefined): Promise<unknown[]> {
  const values: unknown[] = []
  for (const item of decoded) {
    if (item.kind === 'rejected') values.push(await readValue(item, registry))
  }
  return values.filter((value) => value !== undefined)
}

async function readValue(
  { record: { value, headers }, input }: Decoded & { kind: 'rejected' },
  registry: SchemaRegistry | undefined,
): Promise<unknown> {
  if (input === undefined || value === null) return undefined
  const { schemaId, payloadOffset } = input
  try {
    if (input.format === 'json') return parseExactly(value)
    if (schemaId === undefined || registry === undefined) return undefined
    const decode = await registry.values.load(schemaId)
    return decode(value.subarray(payloadOffset), indexesBeside(payloadOffset, headers))
  } catch (error) {
    if (isValenceError(error)) return undefined
    throw error
  }
}

/** The settings that read the candidates. */
function candidateSettings(config: Config, { texts: [text], id, occurredAt }: Candidates): Partial<Config> {
  const fields: Partial<TextFields> = { ...(id && { id }), ...(occurredAt && { occurredAt }) }
  return {
    textField: text === undefined ? config.textField : [text.path],
    idField: fields.id ?? config.idField,
    occurredAtField: fields.occurredAt ?? config.occurredAtField,
  }
}

async function score(config: Config, decoded: readonly Decoded[], signal: AbortSignal): Promise<RecordResult[]> {
  if (!decoded.some(({ kind }) => kind === 'text')) return createScoreStep(noScorer)(decoded, signal)
  const engine = await openCliScorer(config, 'few')
  try {
    return await createScoreStep(engine.scorer)(decoded, signal)
  } finally {
    await engine.close()
  }
}

/** For samples without a text, so that no model is loaded for them. */
const noScorer = {
  score: () => Promise.reject(new Error('there is nothing to score')),
  scoreAll: async () => [],
}
