import { ValenceError } from '@valence/schemas'
import { readConfig } from '../../config/config.ts'
import { openRegistry } from '../../registry/open-registry.ts'
import { registerSchemas } from '../../registry/register-schemas.ts'
import type { CliContext, CommandOptions, ExitCode } from '../context.ts'
import { safeLine, writeJson, writeLines } from '../output.ts'
import { formatTable } from '../table.ts'

/** `schemas register`: registers the Avro schemas of the configured topics. */
export async function runSchemasRegister(context: CliContext, options: CommandOptions): Promise<ExitCode> {
  const config = readConfig(context.environment)
  const registry = openRegistry(config)
  if (registry === undefined) throw new ValenceError('VAL_CONFIG_INVALID', 'VALENCE_SCHEMA_REGISTRY_URL is not set')
  const { registered, refused } = await registerSchemas(config, registry)
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
