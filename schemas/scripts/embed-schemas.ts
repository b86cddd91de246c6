import { readFileSync, writeFileSync } from 'node:fs'
import { recordKinds } from '../src/record-kind.ts'

/** Generates `src/embedded-schemas.ts` from the schema files, so that the built package reads no files at run time. */
export function embedSchemas(): string {
  const entries = recordKinds.map(
    (kind) => `  '${kind}': {
    avro: ${compact(`avro/${kind}.avsc`)},
    json: ${compact(`json/${kind}.schema.json`)},
  },
`,
  )
  return `// biome-ignore-all format: generated from avro/ and json/ by \`npm run embed -w @valence/schemas\`
import type { AvroRecordSchema, JsonSchema, RecordKind } from './record-kind.ts'

/** The current schemas: the content of the files in avro/ and json/. */
export const embeddedSchemas: Readonly<Record<RecordKind, { readonly avro: AvroRecordSchema; readonly json: JsonSchema }>> = {
${entries.join('')}}
`
}

function compact(path: string): string {
  return JSON.stringify(JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')))
}

if (import.meta.main) {
  writeFileSync(new URL('../src/embedded-schemas.ts', import.meta.url), embedSchemas())
}
