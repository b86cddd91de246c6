import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type AvroRecordSchema, embeddedSchemas, type RecordKind, recordKinds } from '../../src/index.ts'
import { readingProblem } from '../support/compatibility.ts'

const history = new URL('../../history/', import.meta.url)
const releases = readdirSync(history)

/** The kinds of a released version. */
function kindsOf(version: string): RecordKind[] {
  return recordKinds.filter((kind) => existsSync(new URL(`${version}/${kind}.avsc`, history)))
}

function released(version: string, kind: RecordKind): AvroRecordSchema {
  return JSON.parse(readFileSync(new URL(`${version}/${kind}.avsc`, history), 'utf8'))
}

describe('the current schemas', () => {
  it('are compared with a released version', () => {
    expect(releases.length).toBeGreaterThan(0)
  })

  describe.each(releases)('against release %s', (version) => {
    it('has as many kinds as files', () => {
      expect(kindsOf(version)).toHaveLength(readdirSync(new URL(version, history)).length)
    })

    it.each(kindsOf(version))('read what it wrote as %s (BACKWARD)', (kind) => {
      expect(readingProblem(embeddedSchemas[kind].avro, released(version, kind))).toBeUndefined()
    })

    it.each(kindsOf(version))('are read by it as %s (FORWARD)', (kind) => {
      expect(readingProblem(released(version, kind), embeddedSchemas[kind].avro)).toBeUndefined()
    })
  })
})

/** The current schema with one field replaced, removed (null) or added. */
function changed(kind: RecordKind, name: string, field: object | null): AvroRecordSchema {
  const schema = embeddedSchemas[kind].avro
  const kept = schema.fields.filter((candidate) => candidate.name !== name)
  return { ...schema, fields: field === null ? kept : [...kept, { name, doc: '', type: 'string', ...field }] }
}

describe('the comparison', () => {
  const text = embeddedSchemas['text-event'].avro
  const scored = embeddedSchemas['scored-event'].avro
  const dead = embeddedSchemas['dead-letter'].avro

  it('accepts a new field with a default, in both directions', () => {
    const next = changed('text-event', 'channel', { type: ['null', 'string'], default: null })
    expect(readingProblem(next, text)).toBeUndefined()
    expect(readingProblem(text, next)).toBeUndefined()
  })

  it.each<[string, AvroRecordSchema, AvroRecordSchema]>([
    ['a new field without a default', changed('text-event', 'channel', {}), text],
    ['a field made mandatory', changed('text-event', 'source', { type: 'string' }), text],
    ['a number made text', changed('scored-event', 'tokens', { type: 'string' }), scored],
    ['a double made an int', changed('scored-event', 'valence', { type: 'int' }), scored],
    ['a map of other values', changed('scored-event', 'scores', { type: { type: 'map', values: 'string' } }), scored],
    ['a renamed record', { ...text, name: 'Text' }, text],
    ['another namespace', { ...text, namespace: 'io.valence.v2' }, text],
    [
      'bytes made text in a list',
      changed('dead-letter', 'headers', { type: { type: 'array', items: 'string' } }),
      dead,
    ],
  ])('refuses %s (BACKWARD)', (_change, next, previous) => {
    expect(readingProblem(next, previous)).toBeTypeOf('string')
  })

  it.each<[string, AvroRecordSchema, AvroRecordSchema]>([
    ['a field without a default taken away', changed('scored-event', 'label', null), scored],
    ['a number made text', changed('scored-event', 'tokens', { type: 'string' }), scored],
    ['a long where an int was', changed('scored-event', 'tokens', { type: 'long' }), scored],
    ['a mandatory field made nullable', changed('text-event', 'text', { type: ['null', 'string'] }), text],
    ['a renamed field', changed('text-event', 'text', null), text],
  ])('refuses %s (FORWARD)', (_change, next, previous) => {
    expect(readingProblem(previous, next)).toBeTypeOf('string')
  })
})
