import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { enrichJson } from '../../../src/enrich/enrich-json.ts'
import { addition, additions, codeOf } from './additions.ts'

const member = `"sentiment":${JSON.stringify(addition)}`
const enrich = (text: string | Buffer, field = 'sentiment') => enrichJson(Buffer.from(text as string), field)
const enriched = (text: string | Buffer) => enrich(text)(addition).toString()

describe('a sentiment in a JSON object', () => {
  it.each([
    ['{}', `{${member}}`],
    ['{ \n }', `{${member} \n }`],
    ['{"text":"a"}', `{"text":"a",${member}}`],
    [' {"text" : "a" } \r\n', ` {"text" : "a",${member} } \r\n`],
    ['\ufeff{"a":1}', `\ufeff{"a":1,${member}}`],
    [
      '{"n":1.0,"n":12345678901234567890,"b":[{"}":"{\\""}]}',
      `{"n":1.0,"n":12345678901234567890,"b":[{"}":"{\\""}],${member}}`,
    ],
  ])('%j becomes %j', (before, after) => {
    expect(enriched(before)).toBe(after)
  })

  it.each(['[]', '"{}"', '1', 'null', ''])('is refused to %j, which is no object', (text) => {
    expect(codeOf(() => enrich(text))).toBe('VAL_ENRICH_RECORD_REFUSED')
  })

  it.each([
    '{"sentiment":null}',
    '{"a":{},"sentiment" : 1,"b":2}',
    '{"\\u0073entiment":1}',
    '{"a":"\\\\","sentiment":1}',
  ])('is refused to %s, which has that member', (text) => {
    expect(codeOf(() => enrich(text))).toBe('VAL_ENRICH_FIELD_TAKEN')
  })

  it.each([
    '{"a":{"sentiment":1}}',
    '{"a":["sentiment"],"b":"sentiment"}',
    '{"a":"\\"sentiment\\":1"}',
    '{"\\\\u0073entiment":1}',
    '{"Sentiment":1}',
  ])('goes into %s, which has the name in other places only', (text) => {
    expect(JSON.parse(enriched(text))).toEqual({ ...JSON.parse(text), sentiment: addition })
  })

  it.each(['{', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a"1}', '{"a":[}', '{"a":"', '{"a":1 2}'])(
    'is refused to %s, which ends too early or does not add up',
    (text) => {
      expect(codeOf(() => enrich(text))).toBe('VAL_RECORD_JSON_INVALID')
    },
  )

  it('may have any name', () => {
    const value = enrich('{"a":1}', 'my "mood"\n')(addition)
    expect(JSON.parse(value.toString())).toEqual({ a: 1, 'my "mood"\n': addition })
  })

  it('goes into a record that nests 100,000 deep', () => {
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`
    expect(enriched(deep)).toBe(`${deep.slice(0, -1)},${member}}`)
  })

  it('leaves every byte of any object, and JSON.parse finds one member more', () => {
    fc.assert(
      fc.property(objectTexts, additions, fc.boolean(), (text, own, hasMark) => {
        const input = Buffer.from((hasMark ? '\ufeff' : '') + text)
        const output = enrichJson(input, 'sentiment')(own)
        const at = spliceOf(input, output)
        expect(Buffer.concat([output.subarray(0, at), output.subarray(at + output.length - input.length)])).toEqual(
          input,
        )
        expect(JSON.parse(unmarked(output))).toEqual({ ...JSON.parse(unmarked(input)), sentiment: own })
      }),
      { numRuns: 10_000 },
    )
  })
})

const unmarked = (bytes: Buffer) => bytes.toString().replace(/^\ufeff/, '')

/** Length of the common beginning. */
function spliceOf(input: Buffer, output: Buffer): number {
  let at = 0
  while (at < input.length && input[at] === output[at]) at += 1
  // What was put in may begin like what follows it: `,` of the member, `,`… of nothing.
  return Math.min(at, input.lastIndexOf('}'))
}

const space = fc.constantFrom('', '', ' ', '\n', '\t ', '\r\n')
const number = fc.constantFrom('0', '-0', '1.0', '1e3', '1E+400', '-12345678901234567890.10', '0.1')
const unit = fc.oneof(
  fc.constantFrom('\\"', '\\\\', '\\/', '\\u0073', '\\ud83d\\ude00', '\\n', '{', '}', '[', ']', ',', ':', 'é', '😀'),
  fc.string({ unit: 'grapheme', maxLength: 3 }).map((text) => JSON.stringify(text).slice(1, -1)),
)
const string = fc.array(unit, { maxLength: 4 }).map((units) => `"${units.join('')}"`)
// Names end in a letter: after an object with the name "\\\\", JSON.parse of Node 24.21 takes the name "\\n" for it.
const name = string.map((text) => `${text.slice(0, -1)}k"`)

/** JSON texts as people and machines write them: white space, escapes, duplicate names. */
const { object: objectTexts } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false'),
    number,
    string,
    tie('object'),
    tie('array'),
  ),
  object: between('{', fc.tuple(space, name, space, fc.constant(':'), space, tie('value'), space), '}'),
  array: between('[', fc.tuple(space, tie('value'), space), ']'),
}))

function between(open: string, part: fc.Arbitrary<string[]>, close: string): fc.Arbitrary<string> {
  return fc
    .tuple(space, fc.array(part, { maxLength: 3 }), space)
    .map(
      ([before, parts, after]) =>
        `${before}${open}${parts.map((units) => units.join('')).join(',') || after}${close}${after}`,
    )
}
