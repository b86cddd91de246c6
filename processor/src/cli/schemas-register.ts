import { type RecordKind, ValenceError, valueSubject } from '@valence/schemas'
import { readConfig } from '../runtime/config.ts'
import { openRegistry } from '../runtime/open-registry.ts'
import type { CliContext, CommandOptions, ExitCode } from './cli-context.ts'
import { writeJson, writeLines } from './output.ts'
import { formatTable } from './table.ts'

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
  const registered: { subject: string; schema: RecordKind; id: number }[] = []
  for (const [subject, schema] of subjects) {
    registered.push({ subject, schema, id: await registry.registerFor(subject, schema) })
  }
  if (options.json) await writeJson(context.stdout, registered)
  else {
    const rows = registered.map(({ subject, schema, id }) => [subject, schema, String(id)])
    const columns = [{ title: 'SUBJECT' }, { title: 'SCHEMA' }, { title: 'ID', align: 'right' }] as const
    await writeLines(context.stdout, formatTable(columns, rows))
  }
  return 0
}
