import fc from 'fast-check'

export interface ProtoCase {
  readonly text: string
  /** The place of the message among the messages of the file, level by level. */
  readonly indexes: readonly number[]
  readonly fullName: string
  readonly value: Readonly<Record<string, unknown>>
}

interface RandomMessage {
  readonly own: string
  readonly fields: readonly (typeof types)[number][]
  readonly nested: readonly RandomMessage[]
}

const types = ['string', 'int32', 'sint64', 'double', 'bool', 'bytes', 'fixed32'] as const

/** What stands between fields of real files and has braces in it. */
const noise = fc.constantFrom(
  '',
  '// message Hidden {\n',
  '/* } message Hidden { */ ',
  'enum Kind { KIND_UNKNOWN = 0; } ',
  'option (org.note) = { text: "}" list: { } }; ',
  "reserved 'hidden'; ",
)

const messages = (depth: number): fc.Arbitrary<RandomMessage> =>
  fc.record({
    own: noise,
    fields: fc.array(fc.constantFrom(...types), { maxLength: 4 }),
    nested: depth === 0 ? fc.constant([]) : fc.array(messages(depth - 1), { maxLength: 2 }),
  })

function textOf(message: RandomMessage, name: string, label: string): string {
  const fields = message.fields.map((type, index) => `${label}${type} f${index} = ${index + 1}; `).join('')
  const nested = message.nested.map((inner, index) => textOf(inner, `N${index}`, label)).join('\n')
  const inOneof = `oneof one { string either = 20; string message = 21 [(org.note) = { text: "{" }]; }`
  return `message ${name} {\n${message.own}${nested}\n${fields}\n${inOneof} }\n`
}

const values: Readonly<Record<(typeof types)[number], fc.Arbitrary<unknown>>> = {
  string: fc.string({ unit: 'grapheme', maxLength: 4 }),
  int32: fc.integer(),
  sint64: fc.integer(),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  bool: fc.boolean(),
  bytes: fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  fixed32: fc.nat(),
}

function valuesOf({ fields }: RandomMessage): fc.Arbitrary<Record<string, unknown>> {
  const model = Object.fromEntries(fields.map((type, index) => [`f${index}`, values[type]]))
  return fc.record({ ...model, message: values.string }, { requiredKeys: [], noNullPrototype: true })
}

const heads = fc.constantFrom(
  { text: 'syntax = "proto3"; package org.example;', label: '', prefix: 'org.example.' },
  { text: "/* syntax = 'proto3'; */ syntax = 'proto2'; package a;", label: 'optional ', prefix: 'a.' },
  { text: '', label: 'optional ', prefix: '' },
)

/** Any file of messages, one of them, and a value of it. */
export const protoCases: fc.Arbitrary<ProtoCase> = fc
  .tuple(
    heads,
    fc.array(messages(2), { minLength: 1, maxLength: 3 }),
    fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
  )
  .chain(([head, roots, picks]) => {
    const indexes: number[] = []
    let level: readonly RandomMessage[] = roots
    let message = roots[0] as RandomMessage
    for (const pick of picks) {
      if (level.length === 0) break
      indexes.push(pick % level.length)
      message = level[pick % level.length] as RandomMessage
      level = message.nested
    }
    const text = `${head.text}\n${roots.map((root, index) => textOf(root, `R${index}`, head.label)).join('')}`
    const fullName = head.prefix + indexes.map((index, depth) => `${depth === 0 ? 'R' : 'N'}${index}`).join('.')
    return valuesOf(message).map((value) => ({ text, indexes, fullName, value }))
  })
