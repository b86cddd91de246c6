import { describe, expect, it } from 'vitest'
import { deriveJsonSchema } from '../../../src/enrich/derive-json-schema.ts'
import { codeOf } from './additions.ts'

describe('the derived JSON Schema', () => {
  it('is the text of the writer with one property more', () => {
    const text = '{"title": "Review", "properties": {"a": {"minimum": 1.0} }, "additionalProperties": false}'
    const { text: derived, fullName } = deriveJsonSchema(text, 'mood')
    const at = text.indexOf(' }, "add') + 1
    expect(derived.startsWith(`${text.slice(0, at)},"mood":{"description"`)).toBe(true)
    expect(derived.endsWith(`}${text.slice(at)}`)).toBe(true)
    expect(fullName).toBe('Review')
  })

  it.each(['{}', '{"type":"object"}', '{"properties":{}}', '{"properties":{"a":true}, "title":7}'])(
    'is JSON with the property, and without a name: %s',
    (text) => {
      const { text: derived, fullName } = deriveJsonSchema(text, 'mood')
      const before = JSON.parse(text)
      const { mood } = JSON.parse(derived).properties
      expect(mood.properties.scoredAt).toMatchObject({ type: 'integer' })
      expect(JSON.parse(derived)).toEqual({ ...before, properties: { ...before.properties, mood } })
      expect(fullName).toBeUndefined()
    },
  )

  it('does not exist where the property is taken, or for a schema that is no object', () => {
    expect(codeOf(() => deriveJsonSchema('{"properties":{"mood":{}}}', 'mood'))).toBe('VAL_ENRICH_FIELD_TAKEN')
    expect(codeOf(() => deriveJsonSchema('true', 'mood'))).toBe('VAL_ENRICH_RECORD_REFUSED')
  })
})
