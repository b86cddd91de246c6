import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import {
  type AvroRecordSchema,
  deadLetterJson,
  embeddedSchemas,
  feedbackEventJson,
  isValenceError,
  recordKinds,
  scoredEventJson,
  textEventJson,
} from '../../src/index.ts'
import { deadLetter, scoredEvent, textEvent } from '../support/events.ts'

const ajv = new Ajv({ strict: true, allowUnionTypes: true })

const schemas = {
  'text-event': { validate: ajv.compile(embeddedSchemas['text-event'].json), parse: textEventJson.parse },
  'scored-event': { validate: ajv.compile(embeddedSchemas['scored-event'].json), parse: scoredEventJson.parse },
  'dead-letter': { validate: ajv.compile(embeddedSchemas['dead-letter'].json), parse: deadLetterJson.parse },
  'feedback-event': {
    validate: ajv.compile(embeddedSchemas['feedback-event'].json),
    parse: feedbackEventJson.parse,
  },
}

interface Shape {
  readonly [field: string]: {
    readonly doc: string | undefined
    readonly required: boolean
    readonly nested: Shape | null
  }
}

interface JsonObject {
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, JsonObject>>
  readonly items?: JsonObject
  readonly description?: string
}

function avroShape(schema: Pick<AvroRecordSchema, 'fields'>): Shape {
  const fields = schema.fields.map((field) => {
    const nested = recordIn(field.type)
    return [
      field.name,
      { doc: field.doc, required: field.default === undefined, nested: nested ? avroShape(nested) : null },
    ] as const
  })
  return Object.fromEntries(fields)
}

/** The record that a field holds: itself, in a union or in an array. */
function recordIn(type: unknown): AvroRecordSchema | undefined {
  if (Array.isArray(type)) return type.map(recordIn).find((found) => found !== undefined)
  if (typeof type !== 'object' || type === null) return undefined
  if ((type as AvroRecordSchema).type === 'record') return type as AvroRecordSchema
  return recordIn((type as { items?: unknown }).items)
}

function jsonShape(schema: JsonObject): Shape {
  const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => {
    const nested = field.properties ?? field.items?.properties
    return [
      name,
      {
        doc: field.description,
        required: schema.required?.includes(name) ?? false,
        nested: nested ? jsonShape(field.properties ? field : (field.items as JsonObject)) : null,
      },
    ] as const
  })
  return Object.fromEntries(fields)
}

/** Descriptions can add facts about JSON; fields and required fields must not differ. */
function withoutDocs(shape: Shape): unknown {
  return Object.fromEntries(
    Object.entries(shape).map(([name, { required, nested }]) => [
      name,
      { required, nested: nested && withoutDocs(nested) },
    ]),
  )
}

function allDocs(shape: Shape): (string | undefined)[] {
  return Object.values(shape).flatMap(({ doc, nested }) => [doc, ...(nested ? allDocs(nested) : [])])
}

describe.each(recordKinds)('the JSON Schema of %s', (kind) => {
  const { avro, json } = embeddedSchemas[kind]

  it('has the fields of the Avro schema, and requires the same', () => {
    expect(withoutDocs(jsonShape(json as JsonObject))).toEqual(withoutDocs(avroShape(avro)))
    expect(json.title).toBe(avro.name)
  })

  it('describes every field, like the Avro schema', () => {
    for (const doc of [...allDocs(avroShape(avro)), ...allDocs(jsonShape(json as JsonObject))]) {
      expect(doc).toMatch(/^[A-Z].*\.$/)
    }
  })
})

const samples: Record<(typeof recordKinds)[number], unknown[]> = {
  'text-event': [
    textEventJson.toJson(textEvent()),
    { text: 'a' },
    { text: 'a', id: null, attributes: null, unknown: [1] },
    { text: 'a', occurredAt: '2025-01-01T00:00:00.5+01:00' },
    { text: 'a', occurredAt: 1.5 },
    { text: 'a', occurredAt: '2025-01-01T00:00:00' },
    { text: 'a', occurredAt: 9e15 },
    { text: 'a', occurredAt: false },
    { text: ' ' },
    { text: '' },
    { text: 'a'.repeat(65_536) },
    { text: 'a'.repeat(65_537) },
    { text: 7 },
    {},
    [],
    'text',
    null,
    { text: 'a', id: 7 },
    { text: 'a', attributes: { a: 1 } },
    { text: 'a', attributes: [] },
  ],
  'scored-event': [
    scoredEventJson.toJson(scoredEvent()),
    scoredEventJson.toJson(scoredEvent({ origin: null, source: null, occurredAt: null })),
    { ...scoredEvent(), origin: { topic: 't', partition: 1, offset: 2 } },
    { ...scoredEvent(), origin: { topic: 't', partition: 1, offset: '9223372036854775807' } },
    { ...scoredEvent(), origin: { topic: 't', partition: -1, offset: '2' } },
    { ...scoredEvent(), scores: null },
    { ...scoredEvent(), scores: { a: 'b' } },
    { ...scoredEvent(), tokens: 1.5 },
    { ...scoredEvent(), model: { name: 'm' } },
    { ...scoredEvent(), id: '' },
    { ...scoredEvent(), scoredAt: '2025-01-01' },
    { ...scoredEvent(), label: undefined },
    {},
  ],
  'feedback-event': [
    { id: 'a', label: 'positive' },
    { id: 'a', label: 'positive', judgedAt: null, more: [] },
    { id: 'a', label: 'positive', judgedAt: 1_700_000_000_000 },
    { id: 'a', label: 'positive', judgedAt: 1.5 },
    { id: 'a', label: 'positive', judgedAt: '2025-01-01' },
    { id: '', label: 'positive' },
    { id: 'a', label: '' },
    { id: 1, label: 'positive' },
    { id: 'a' },
    { label: 'positive' },
    [],
    null,
  ],
  'dead-letter': [
    deadLetterJson.toJson(deadLetter()),
    deadLetterJson.toJson(deadLetter({ key: null, value: null, headers: [] })),
    { ...deadLetterJson.toJson(deadLetter()), key: undefined, headers: null },
    { ...deadLetterJson.toJson(deadLetter()), failedAt: null },
    { ...deadLetterJson.toJson(deadLetter()), headers: [{}] },
    { ...deadLetterJson.toJson(deadLetter()), origin: {} },
    { ...deadLetterJson.toJson(deadLetter()), code: 1 },
  ],
}

describe.each(recordKinds)('the JSON Schema and the parser of %s', (kind) => {
  it.each(samples[kind].map((sample) => [JSON.stringify(sample)?.slice(0, 80), sample]))(
    'agree on %s',
    (_json, sample) => {
      const { validate, parse } = schemas[kind]
      // Converted to JSON and back, as it would arrive: undefined is absent.
      const value: unknown = JSON.parse(JSON.stringify(sample))
      expect(accepts(() => parse(value))).toBe(validate(value))
    },
  )
})

function accepts(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch (error) {
    if (isValenceError(error)) return false
    throw error
  }
}
