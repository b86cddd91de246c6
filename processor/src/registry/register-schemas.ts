import { isValenceError, type RecordKind, type SchemaRegistry, type ValenceError, valueSubject } from '@valence/schemas'
import type { Config } from '../config/config.ts'
import { retryForCommand } from '../platform/retry-for-command.ts'

export interface RegisteredSchema {
  readonly subject: string
  readonly schema: RecordKind
  readonly id: number
}

type SubjectSettings = Pick<Config, 'inputTopics' | 'outputTopic' | 'outputMode' | 'feedbackTopic'>

export interface RegisteredSchemas {
  readonly registered: readonly RegisteredSchema[]
  /** Subjects for which the registry refused the schema, with its error. */
  readonly refused: readonly { readonly subject: string; readonly error: ValenceError }[]
}

/**
 * Registers the Avro schemas of the configured topics; a registered schema keeps its id. A refused subject does not stop
 * the others. @throws VAL_REGISTRY_UNAVAILABLE
 */
export async function registerSchemas(
  config: SubjectSettings,
  registry: Pick<SchemaRegistry, 'registerFor'>,
): Promise<RegisteredSchemas> {
  const registered: RegisteredSchema[] = []
  const refused: { subject: string; error: ValenceError }[] = []
  for (const [subject, schema] of subjectsOf(config)) {
    try {
      // A registry can refuse for some seconds after its start.
      registered.push({ subject, schema, id: await retryForCommand(() => registry.registerFor(subject, schema)) })
    } catch (error) {
      if (!isValenceError(error) || error.retryable) throw error
      refused.push({ subject, error })
    }
  }
  return { registered, refused }
}

/** Subjects to register. The dead-letter topic has none: its values are the original bytes of the input. */
function subjectsOf({ inputTopics, outputTopic, outputMode, feedbackTopic }: SubjectSettings): [string, RecordKind][] {
  return [
    ...inputTopics.map((topic): [string, RecordKind] => [valueSubject(topic), 'text-event']),
    // The subject of enriched records gets schemas that are derived from those of the writers, as they come.
    ...(outputMode === 'enrich' ? [] : [[valueSubject(outputTopic), 'scored-event'] as [string, RecordKind]]),
    ...(feedbackTopic === undefined ? [] : [[valueSubject(feedbackTopic), 'feedback-event'] as [string, RecordKind]]),
  ]
}
