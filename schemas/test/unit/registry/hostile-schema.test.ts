import { describe, expect, it } from 'vitest'
import { compileDecoder } from '../../../src/registry/record-decoder.ts'
import { textEventReader } from '../../../src/registry/record-reader.ts'
import { rejectionOf } from '../../support/thrown.ts'

/** Time limit for compiling and decoding with any schema here, generous for a busy machine. */
const boundMs = 3_000

function compile(type: 'AVRO' | 'JSON', schema: object) {
  const text = JSON.stringify(type === 'JSON' ? withText(schema) : schema)
  return compileDecoder({ type, text, references: [] }, textEventReader)
}

/** A schema that lists properties without a text is refused at once. */
function withText(schema: { properties?: object }): object {
  return schema.properties === undefined ? schema : { ...schema, properties: { text: {}, ...schema.properties } }
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value))

function nestedNot(depth: number): object {
  let schema = {}
  for (let level = 0; level < depth; level += 1) schema = { not: schema }
  return schema
}

/** The error code, or `good`; and whether it was within the time limit. */
function outcomeOf(decode: (payload: Buffer) => unknown, payload: Buffer): string {
  const before = process.threadCpuUsage().user
  let outcome = 'good'
  try {
    decode(payload)
  } catch (error) {
    outcome = (error as { code: string }).code
  }
  expect((process.threadCpuUsage().user - before) / 1_000).toBeLessThan(boundMs)
  return outcome
}

describe("a regular expression of the writer's schema", { timeout: 30_000 }, () => {
  const withPattern = (pattern: string) =>
    compile('JSON', { type: 'object', properties: { text: { type: 'string', pattern } } })
  const text = (length: number, end = '') => json({ text: `${'a'.repeat(length)}${end}` })

  it.each(['^(a+)+$', '^(a|a)*$', '(a*)*b', '^(?:a|aa)+$', '(.*a){12}z', '^((a+)+)+$'])(
    'takes a time linear in the text: %s',
    async (pattern) => {
      const decode = await withPattern(pattern)
      expect(outcomeOf(decode, text(60_000, '!'))).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
    },
  )

  it.each(['^(?:a?){900}a{900}$', '(.*a.*){20}z', '[ab]*a[ab]{900}c'])(
    'with many states is bounded: %s',
    async (pattern) => {
      const decode = await withPattern(pattern)
      expect(outcomeOf(decode, text(60_000, '!'))).toMatch(/VAL_SCHEMA_(PAYLOAD_INVALID|TOO_COMPLEX)/)
    },
  )

  it.each(['(?=a)b', '(?!a)b', '(?<=a)b', '(a)\\1', '(?<n>a)\\k<n>', '((a{100}){100}){100}', 'a{1001}', '(', '[z-a]'])(
    'that RE2 cannot express is refused: %s',
    async (pattern) => {
      const error = await rejectionOf(withPattern(pattern))
      expect(error).toMatchObject({ code: 'VAL_SCHEMA_PATTERN_REFUSED', deadLetter: true })
      expect(error.detail).toContain(JSON.stringify(pattern).slice(1, 8))
    },
  )

  const samples = [
    '',
    'a',
    'b9',
    '\u00a0',
    '\u2028',
    '\ufeff',
    '\n',
    '\r',
    '\v',
    ' ',
    'é',
    '😂',
    'a b',
    'A_1',
    '.',
    '-',
    ']',
    '/',
  ]
  it.each([
    '\\S',
    '^\\s$',
    '^[\\s]$',
    '^[^\\s]$',
    '^[\\S]$',
    '^[^\\S]$',
    '^.$',
    '^[.]$',
    '^[^.]$',
    '\\w',
    '^\\W$',
    '\\d',
    '\\bb',
    '^[\\w.-]+$',
    '\\u00e9',
    '[\\]]',
    '^[^]$',
    '\\/',
    '^a|b$',
    '^(?:a|b)\\d?$',
    '\\.',
    '^\\D+$',
    '^$',
    '^[a-z]{1,2}$',
  ])('matches the same texts as in JavaScript: %s', async (pattern) => {
    const decode = await compile('JSON', { type: 'object', properties: { source: { pattern } } })
    const inJavaScript = new RegExp(pattern, 'u')
    for (const source of samples) {
      const expected = inJavaScript.test(source) ? 'good' : 'VAL_SCHEMA_PAYLOAD_INVALID'
      expect(outcomeOf(decode, json({ text: 'a', source })), JSON.stringify(source)).toBe(expected)
    }
  })

  it('is as linear in the names of properties, and in schemas of every draft', async () => {
    for (const draft of ['http://json-schema.org/draft-04/schema#', 'https://json-schema.org/draft/2020-12/schema']) {
      for (const keyword of [{ patternProperties: { '^(a+)+$': {} } }, { propertyNames: { pattern: '^(a+)+$' } }]) {
        const decode = await compile('JSON', { $schema: draft, ...keyword })
        const names = { [`${'a'.repeat(5_000)}!`]: 1, text: 'a' }
        expect(outcomeOf(decode, json(names))).toMatch(/good|VAL_SCHEMA_PAYLOAD_INVALID/)
      }
    }
  })
})

describe('a JSON Schema', { timeout: 30_000 }, () => {
  const doubling = (levels: number, leaf: object) => ({
    $ref: '#/$defs/d0',
    $defs: Object.fromEntries(
      Array.from({ length: levels }, (_, i) => {
        const next = { $ref: `#/$defs/d${i + 1}` }
        return [`d${i}`, i === levels - 1 ? leaf : { allOf: [next, next] }]
      }),
    ),
  })
  const both = { allOf: [{ $ref: '#' }, { $ref: '#' }] }
  const nested = (depth: number) => JSON.parse(`${'{"text":"a","a":'.repeat(depth)}1${'}'.repeat(depth)}`)

  it.each<[string, object, unknown]>([
    ['references that double', doubling(40, {}), { text: 'a' }],
    [
      'references that double over a long list',
      doubling(14, { properties: { l: { items: { type: 'number' } } } }),
      { text: 'a', l: new Array(30_000).fill(1) },
    ],
    ['a recursion that doubles', { properties: { a: both } }, nested(40)],
    [
      'a recursion that doubles in anyOf',
      { properties: { a: { anyOf: [{ $ref: '#' }, { $ref: '#' }] } }, not: {} },
      nested(40),
    ],
    [
      'a recursion that doubles by $dynamicRef',
      {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        $dynamicAnchor: 'n',
        properties: { a: { allOf: [{ $dynamicRef: '#n' }, { $dynamicRef: '#n' }] } },
      },
      nested(40),
    ],
    ['an endless reference', { $ref: '#' }, { text: 'a' }],
    [
      'many subschemas for many items',
      { properties: { l: { items: { allOf: new Array(600).fill({ maxLength: 9e9 }) } } } },
      { text: 'a', l: new Array(30_000).fill('a') },
    ],
    [
      'many lengths of a long string',
      { properties: { s: { allOf: new Array(600).fill({ maxLength: 9e9 }) } } },
      { text: 'a', s: 'a'.repeat(500_000) },
    ],
    [
      'many counts of many names',
      { allOf: new Array(600).fill({ maxProperties: 9e9 }) },
      Object.fromEntries([['text', 'a'], ...Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 1])]),
    ],
    [
      'many contains',
      {
        properties: { l: { allOf: new Array(200).fill({ contains: { const: 2 } }) } },
        $schema: 'https://json-schema.org/draft/2020-12/schema',
      },
      { text: 'a', l: new Array(50_000).fill(1) },
    ],
    [
      'many alternatives for many items',
      {
        properties: { l: { contains: { anyOf: Array.from({ length: 900 }, (_, i) => ({ const: i })) } } },
      },
      { text: 'a', l: new Array(90_000).fill('q') },
    ],
    [
      'a large enum for many items',
      { properties: { l: { items: { enum: Array.from({ length: 8_000 }, (_, i) => [i, 'x']) } } } },
      { text: 'a', l: new Array(30_000).fill([9_999, 'x']) },
    ],
  ])('with %s is bounded', async (_what, schema, record) => {
    const decode = await compile('JSON', schema)
    expect(outcomeOf(decode, json(record))).toMatch(/VAL_SCHEMA_(TOO_COMPLEX|PAYLOAD_INVALID)/)
    expect(outcomeOf(decode, Buffer.from('{'))).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })

  it('can require distinct items, of any number', async () => {
    const decode = await compile('JSON', { properties: { l: { uniqueItems: true } } })
    const list = Array.from({ length: 100_000 }, (_, i) => ({ i }))
    expect(outcomeOf(decode, json({ text: 'a', l: list }))).toBe('good')
    expect(outcomeOf(decode, json({ text: 'a', l: [...list, { i: 7 }] }))).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
    for (const [items, expected] of [
      [
        [
          { a: 1, b: [2] },
          { b: [2], a: 1 },
        ],
        'VAL_SCHEMA_PAYLOAD_INVALID',
      ],
      [[1, '1', [1], { 1: 1 }, null, true], 'good'],
      [[1, 1.0], 'VAL_SCHEMA_PAYLOAD_INVALID'],
      ['not a list', 'good'],
    ]) {
      expect(outcomeOf(decode, json({ text: 'a', l: items }))).toBe(expected)
    }
  })

  it.each<[string, object]>([
    ['more than 256 KiB', { description: 'a'.repeat(300_000) }],
    ['more than 2,000 subschemas', { anyOf: new Array(2_001).fill({}) }],
    ['subschemas that overflow the stack', { not: nestedNot(1_900) }],
    [
      'more than 500 patterns',
      { patternProperties: Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`a${i}`, {}])) },
    ],
    ['a few large patterns', { anyOf: Array.from({ length: 30 }, (_, i) => ({ pattern: `^.{0,999}${i}$` })) }],
    ['a reference into an enum', { enum: [{ allOf: [{ $ref: '#/enum/0' }] }], $ref: '#/enum/0' }],
    ['a reference into a const, in disguise', { not: { const: {} }, $ref: '#/not/%63onst' }],
  ])('with %s is refused', async (_what, schema) => {
    expect((await rejectionOf(compile('JSON', schema))).code).toBe('VAL_SCHEMA_TOO_COMPLEX')
  })

  it.each([
    ['2019-09', { dependentRequired: { id: ['text'], source: ['lang'] } }],
    ['2020-12', { dependentRequired: { id: ['text'], source: ['lang'] } }],
    ['2020-12', { $vocabulary: { 'https://json-schema.org/draft/2020-12/vocab/core': true } }],
  ])('of draft %s may have keywords whose values are no schemas: %o', async (draft, keywords) => {
    const $schema = `https://json-schema.org/draft/${draft}/schema`
    const decode = await compile('JSON', { $schema, properties: { text: {} }, ...keywords })
    expect(outcomeOf(decode, json({ text: 'a', id: 'b' }))).toBe('good')
    const refused = 'dependentRequired' in keywords ? 'VAL_SCHEMA_PAYLOAD_INVALID' : 'good'
    expect(outcomeOf(decode, json({ text: 'a', source: 'b' }))).toBe(refused)
  })

  it('can have 1,000 subschemas on one level', async () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `p${i}`)
    const properties = Object.fromEntries(names.map((name) => [name, { type: 'string' }]))
    const decode = await compile('JSON', { properties: { text: {}, ...properties } })
    expect(outcomeOf(decode, json({ text: 'a', p7: 'b' }))).toBe('good')
    expect(outcomeOf(decode, json({ text: 'a', p7: 7 }))).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })

  it('does not hide that a payload is not UTF-8', async () => {
    const decode = await compile('JSON', { properties: { text: {} } })
    expect(outcomeOf(decode, Buffer.from('{"text":"tr\u00e8s"}', 'latin1'))).toBe('VAL_RECORD_NOT_UTF8')
  })

  it('may have properties with the names of keywords', async () => {
    const properties = { const: { type: 'number' }, enum: {}, properties: { type: 'string' }, $ref: { type: 'string' } }
    const decode = await compile('JSON', { properties: { ...properties, other: { $ref: '#/properties/const' } } })
    expect(outcomeOf(decode, json({ text: 'a', const: 1, enum: 2, properties: 'a', $ref: 'b', other: 3 }))).toBe('good')
    expect(outcomeOf(decode, json({ text: 'a', other: 'b' }))).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })

  it('with 1 MB of regular data is read', async () => {
    const tree = {
      type: 'object',
      required: ['n'],
      properties: { n: { type: 'integer', minimum: 0 }, c: { type: 'array', items: { $ref: '#/definitions/tree' } } },
    }
    const decode = await compile('JSON', {
      definitions: { tree },
      properties: { text: { type: 'string' }, t: { $ref: '#/definitions/tree' } },
    })
    const leaves = Array.from({ length: 200 }, () => ({ n: 1, c: Array.from({ length: 500 }, () => ({ n: 2 })) }))
    const payload = json({ text: 'a', t: { n: 0, c: leaves } })
    expect(payload.length).toBeGreaterThan(800_000)
    expect(outcomeOf(decode, payload)).toBe('good')
  })

  it.each([
    ['minimum', 3, 'exclusiveMinimum', true, [4, 3]],
    ['minimum', 3, 'exclusiveMinimum', false, [3, 2]],
    ['maximum', 3, 'exclusiveMaximum', true, [2, 3]],
    ['maximum', 3, 'exclusiveMaximum', false, [3, 4]],
    ['maximum', 9, 'exclusiveMaximum', 3, [2, 3]],
  ] as const)('of draft-04 may say %s %s, %s %s', async (limit, value, flag, isExclusive, [good, bad]) => {
    const $schema =
      isExclusive === 3 ? 'http://json-schema.org/draft-06/schema#' : 'http://json-schema.org/draft-04/schema#'
    const stars = { type: 'integer', [limit]: value, [flag]: isExclusive, id: '#stars' }
    const decode = await compile('JSON', { $schema, id: 'http://x.test/a', properties: { stars } })
    expect(outcomeOf(decode, json({ text: 'a', stars: good }))).toBe('good')
    expect(outcomeOf(decode, json({ text: 'a', stars: bad }))).toBe('VAL_SCHEMA_PAYLOAD_INVALID')
  })

  it('can use unknown formats and keywords', async () => {
    const schema = { properties: { source: { format: 'no-such-format', 'x-else': { a: [1] } } }, 'x-meta': { a: 1 } }
    expect(outcomeOf(await compile('JSON', schema), json({ text: 'a', source: 'b' }))).toBe('good')
  })
})

describe('an Avro schema', () => {
  const record = (name: string, fields: unknown[]) => ({ type: 'record', name, fields })
  const text = { name: 'text', type: 'string' }
  const payload = Buffer.from([2, 0x61])

  /** Each record has the next one twice, and the last one is empty, so reading takes no byte. */
  function doubling(levels: number): unknown {
    const inner = levels === 0 ? 'null' : doubling(levels - 1)
    const again = levels === 0 ? 'null' : `D${levels - 1}`
    return record(`D${levels}`, [
      { name: 'a', type: inner },
      { name: 'b', type: again },
    ])
  }

  it.each([
    ['skipped', { name: 'x', type: doubling(40) }],
    ['skipped in a list', { name: 'x', type: { type: 'array', items: doubling(40) } }],
    ['skipped in a union', { name: 'x', type: ['null', doubling(40)] }],
  ])('of nested empty records, %s, is bounded', async (_where, field) => {
    const decode = await compile('AVRO', record('TextEvent', [field, text]))
    expect(outcomeOf(decode, Buffer.from([2, 0x61, 2, 0x61]))).toMatch(/VAL_SCHEMA_(TOO_COMPLEX|PAYLOAD_INVALID)/)
  })

  it('may nest records', async () => {
    const user = record('User', [{ name: 'name', type: 'string' }])
    const users = { name: 'users', type: { type: 'array', items: user } }
    const decode = await compile('AVRO', record('TextEvent', [users, text]))
    const names = Buffer.concat([
      Buffer.from([0xc0, 0x9a, 0x0c]),
      Buffer.alloc(200_000, Buffer.from([2, 0x62])),
      Buffer.from([0]),
    ])
    expect(decode(Buffer.concat([names, payload]))).toMatchObject({ text: 'a' })
  })

  it('with many fields or deep nesting is compiled or refused in time', async () => {
    const many = record('TextEvent', [
      text,
      ...Array.from({ length: 5_000 }, (_, i) => ({ name: `f${i}`, type: 'null' })),
    ])
    expect(outcomeOf(await compile('AVRO', many), payload)).toBe('good')
    let deep: unknown = 'string'
    for (let i = 0; i < 20_000; i += 1) deep = { type: 'array', items: deep }
    const schema = `{"type":"record","name":"TextEvent","fields":[{"name":"x","type":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`
    const writer = { type: 'AVRO', text: schema, references: [] }
    expect((await rejectionOf(compileDecoder(writer, textEventReader))).code).toBe('VAL_SCHEMA_MISMATCH')
  })

  it('of more than 256 KiB, its references included, is refused', async () => {
    const writer = { type: 'AVRO', text: JSON.stringify(record('TextEvent', [text])) }
    const references = [{ name: 'a', text: ' '.repeat(262_144) }]
    expect((await rejectionOf(compileDecoder({ ...writer, references }, textEventReader))).code).toBe(
      'VAL_SCHEMA_TOO_COMPLEX',
    )
  })
})
