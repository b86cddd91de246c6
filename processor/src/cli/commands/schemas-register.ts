import { isValenceError, type RecordKind, ValenceError, valueSubject } from '@valence/schemas'
import { readConfig } from '../../config/config.ts'
import { retryForCommand } from '../../platform/retry-for-command.ts'
import { openRegistry } from '../../registry/open-registry.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { safeLine, writeJson, writeLines } from '../output.ts'
import { formatTable } from '../table.ts'

/** `schemas register`: the Avro schemas of the configured topics; what is registered already keeps its id. */
export async function runSchemasRegister(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const registry = openRegistry(config)
  if (registry === undefined) throw new ValenceError('VAL_CONFIG_INVALID', 'VALENCE_SCHEMA_REGISTRY_URL is not set')
  // Dead letters carry the original bytes, so their topic has no schema.
  const subjects: [string, RecordKind][] = [
    ...config.inputTopics.map((topic): [string, RecordKind] => [valueSubject(topic), 'text-event']),
    [valueSubject(config.outputTopic), 'scored-event'],
  ]
  if (config.feedbackTopic !== undefined) subjects.push([valueSubject(config.feedbackTopic), 'feedback-event'])
  const refused: { subject: string; error: ValenceError }[] = []
  const registered: { subject: string; schema: RecordKind; id: number }[] = []
  for (const [subject, schema] of subjects) {
    try {
      // A registry that has just started refuses for a moment.
      registered.push({ subject, schema, id: await retryForCommand(() => registry.registerFor(subject, schema)) })
    } catch (error) {
      // A subject that is refused does not stop the others; a registry that does not answer would answer none.
      if (!isValenceError(error) || error.retryable) throw error
      refused.push({ subject, error })
    }
  }
  if (options.json) await writeJson(context.stdout, registered)
  else {
    const rows = registered.map(({ subject, schema, id }) => [subject, schema, String(id)])
    const columns = [{ title: 'SUBJECT' }, { title: 'SCHEMA' }, { title: 'ID', align: 'right' }] as const
    await writeLines(context.stdout, formatTable(columns, rows))
  }
  for (const { subject, error } of refused) {
    context.stderr.write(`${safeLine(`${subject}: ${error.code}: ${error.message}`)}\n${error.help}\n`)
  }
  return refused.length === 0 ? 0 : 1
}
