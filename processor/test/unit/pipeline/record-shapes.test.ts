import { readFileSync } from 'node:fs'
import { createSchemaRegistry, recordHeader, type SchemaRegistry, type SchemaText } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { type FakeRegistry, startFakeRegistry } from '@valence/testing/parts/fake-registry'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { textFieldsOf } from '../../../src/config/text-fields.ts'
import { openEnrichRecord } from '../../../src/enrich/open-enrich-record.ts'
import { createDecodeStep, type Decoded } from '../../../src/pipeline/decode.ts'
import { addition } from '../enrich/additions.ts'

interface Expected {
  /** Without a code, a text with these fields. */
  readonly kind?: 'passed'
  readonly code?: string
}

interface Shape {
  readonly name: string
  readonly settings: Readonly<Record<string, string>>
  /** Base64. */
  readonly value: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly expected: Expected
}

interface Shapes {
  readonly schemas: Readonly<Record<string, unknown>>
  /** By `SUBJECT/VERSION`, the id. */
  readonly subjects: Readonly<Record<string, number>>
  readonly guids: Readonly<Record<string, number>>
  readonly shapes: readonly Shape[]
}

/** Written by make_shapes.py beside it. */
const file = new URL('../../../../testing/src/record-shapes/shapes.json', import.meta.url)
const { schemas, subjects, guids, shapes } = JSON.parse(readFileSync(file, 'utf8')) as Shapes

/** As registries are asked: `/schemas/ids/7`, `/schemas/guids/GUID`, `/subjects/SUBJECT/versions/1`. */
function idAt(path: string): number | undefined {
  const [, kind, name = '', , version] = path.split('/').map(decodeURIComponent)
  if (kind === 'subjects') return subjects[`${name}/${version}`]
  const [, , by, key = ''] = path.split('/')
  return by === 'guids' ? guids[key] : Number(key)
}

const derivedId = 1_000
let fake: FakeRegistry

beforeAll(async () => {
  fake = await startFakeRegistry(({ path }) => {
    const id = idAt(path)
    const schema = id === undefined ? undefined : schemas[id]
    if (schema === undefined) return { status: 404, body: { error_code: 40403, message: 'not found' } }
    return { status: 200, body: { ...(schema as object), id } }
  })
})
afterAll(() => fake[Symbol.asyncDispose]())

/** The decoded record, and the schema that is registered for it where it is enriched. */
async function decode(
  { settings, value, headers }: Shape,
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly decoded: Decoded | undefined; readonly derived: SchemaText | undefined }> {
  const config = readConfig({ ...settings, ...more })
  let derived: SchemaText | undefined
  const fields = textFieldsOf(config)
  const registry: SchemaRegistry = {
    ...createSchemaRegistry({ url: fake.url, textFields: fields }),
    async registerText(_subject, schema) {
      derived = schema
      return derivedId
    },
  }
  const enrich = openEnrichRecord(config, registry, 'out')
  const step = createDecodeStep({ registry, format: 'auto', fields, missingText: config.missingText, enrich })
  const record = kafkaRecord(1, {
    value: Buffer.from(value, 'base64'),
    headers: headers.map(([name, bytes]) => recordHeader(name, Buffer.from(bytes, 'base64'))),
  })
  const [decoded] = await step([record])
  return { decoded, derived }
}

describe('a record that Python wrote', () => {
  it.each(shapes)('is read: $name', async (shape) => {
    const { kind, code, ...event } = shape.expected
    const { decoded } = await decode(shape)
    if (code !== undefined) expect(decoded).toMatchObject({ kind: 'rejected', error: { code } })
    else expect(decoded).toMatchObject(kind === undefined ? { kind: 'text', event } : { kind })
  })

  /** Python's libraries have read what is in the file: check_enriched.py beside it. A new file is to be read by them again. */
  it('is enriched to the byte', async () => {
    const rows: Record<string, object> = {}
    for (const shape of shapes) {
      const { decoded, derived } = await decode(shape, { VALENCE_OUTPUT_MODE: 'enrich', VALENCE_OUTPUT_FIELD: 'mood' })
      if (decoded?.kind === 'rejected') rows[shape.name] = { code: decoded.error.code }
      if (decoded?.kind !== 'text') continue
      const value = decoded.append?.(addition).toString('base64')
      rows[shape.name] = { value, ...(derived && { schema: derived.text }) }
    }
    const enriched = new URL('enriched.json', file).pathname
    await expect(`${JSON.stringify(rows, null, 2)}\n`).toMatchFileSnapshot(enriched)
  })
})
