import { createSchemaRegistry, type SchemaRegistry } from '@valence/schemas'
import type { Config } from '../config/config.ts'

/** The schema registry of the configuration; undefined if none is configured. */
export function openRegistry(config: Config): SchemaRegistry | undefined {
  const { schemaRegistryUrl: url, schemaRegistryUsername: username, schemaRegistryPassword: password } = config
  if (url === undefined) return undefined
  return createSchemaRegistry({ url, ...(username && password ? { auth: { username, password } } : {}) })
}
