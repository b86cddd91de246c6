import { ValenceError } from '@valence/schemas'
import protobuf from 'protobufjs'
import type { IDescriptorProto } from 'protobufjs/ext/descriptor/index.js'
import type { Addition } from './addition.ts'

const fields = [
  'string label = 1;',
  'map<string, double> scores = 2;',
  'double valence = 3;',
  'Model model = 4;',
  'int64 scored_at = 5;',
  'repeated string warnings = 6;',
]
const modelFields = ['string name = 1;', 'string version = 2;', 'string sha256 = 3;']

/** The message of the added field as .proto text. @param label what proto2 writes in front of a field of one value */
export function additionMessage(name: string, label: string): string {
  const line = (field: string) => (/^(map|repeated)/.test(field) ? field : label + field)
  const model = `message Model { ${modelFields.map(line).join(' ')} }`
  return `message ${name} { ${fields.map(line).join(' ')} ${model} }`
}

/** Numbers in descriptors: of a label, and of types. */
const [one, many] = [1, 3]
const [double, int64, string, message] = [1, 3, 9, 11]

/** The same as a descriptor. @param fullName with a dot in front */
export function additionDescriptor(name: string, fullName: string): IDescriptorProto {
  const field = (own: string, number: number, type: number, more: object = {}) => {
    return { name: own, number, label: one, type, ...more }
  }
  return {
    name,
    field: [
      field('label', 1, string),
      field('scores', 2, message, { label: many, typeName: `${fullName}.ScoresEntry` }),
      field('valence', 3, double),
      field('model', 4, message, { typeName: `${fullName}.Model` }),
      field('scored_at', 5, int64),
      field('warnings', 6, string, { label: many }),
    ],
    nestedType: [
      { name: 'ScoresEntry', field: [field('key', 1, string), field('value', 2, double)], options: { mapEntry: true } },
      { name: 'Model', field: ['name', 'version', 'sha256'].map((own, index) => field(own, index + 1, string)) },
    ],
  }
}

const { root } = protobuf.parse(`syntax = "proto3"; ${additionMessage('Addition', '')}`)
const type = root.lookupType('Addition')

const lengthDelimited = 2

/** The bytes of the added field: tag, length, message. */
export function protobufAddition(number: number, addition: Addition): Uint8Array {
  const tag = ((number << 3) | lengthDelimited) >>> 0
  return protobuf.Writer.create().uint32(tag).bytes(type.encode(addition).finish()).finish()
}

/**
 * Refuses a message that holds the number although its schema has no such field: readers would merge the two.
 * @throws VAL_ENRICH_FIELD_TAKEN, VAL_SCHEMA_PAYLOAD_INVALID
 */
export function expectNumberUnused(message: Uint8Array, number: number): void {
  if (holdsNumber(message, number)) {
    throw new ValenceError('VAL_ENRICH_FIELD_TAKEN', `number ${number}, which the schema of the record does not name`)
  }
}

function holdsNumber(message: Uint8Array, number: number): boolean {
  const reader = protobuf.Reader.create(message)
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32()
      if (tag >>> 3 === number) return true
      reader.skipType(tag & 7)
    }
    return false
  } catch {
    throw new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', 'no Protobuf message')
  }
}
