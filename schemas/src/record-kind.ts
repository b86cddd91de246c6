/** Kinds of records; also the file names of their schemas. */
export const recordKinds = ['text-event', 'scored-event', 'dead-letter', 'feedback-event'] as const

export type RecordKind = (typeof recordKinds)[number]

/** An Avro record schema as JSON. */
export interface AvroRecordSchema {
  readonly type: 'record'
  readonly name: string
  readonly namespace: string
  readonly doc: string
  readonly fields: readonly AvroField[]
}

interface AvroField {
  readonly name: string
  readonly type: unknown
  readonly default?: unknown
  readonly doc: string
}

/** A JSON Schema (draft-07) of an object as JSON. */
export interface JsonSchema {
  readonly $schema: string
  readonly $id: string
  readonly title: string
  readonly description: string
  readonly type: 'object'
  readonly required: readonly string[]
  readonly properties: Readonly<Record<string, unknown>>
}
