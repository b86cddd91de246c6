import type { ValidateFunction } from 'ajv'
import { isValenceError, ValenceError } from '../errors.ts'
import { parseExactly } from '../fields/scalar.ts'
import { decodePayload } from '../records/avro-codec.ts'
import { parseJsonBytes } from '../records/json-bytes.ts'
import { addMeter, addSteps, meteredOptions } from './metered-ajv.ts'
import type { RecordDecoder, RecordReader } from './record-reader.ts'
import { StepMeter } from './step-meter.ts'
import type { WriterSchema } from './writer-schema.ts'

/**
 * Compiles a decoder that validates against the writer's schema, then reads the record like any JSON. Validation steps are
 * counted, because a schema is untrusted code. Throws VAL_SCHEMA_MISMATCH, _PATTERN_REFUSED or _TOO_COMPLEX.
 */
export async function compileJsonDecoder<T>(writer: WriterSchema, reader: RecordReader<T>): Promise<RecordDecoder<T>> {
  const meter = new StepMeter()
  const validate = await compileValidator(writer, reader, meter)
  return (payload) => {
    const value = parsePayload(payload)
    meter.begin(payload.length)
    // A recursive schema overflows the stack on a deep value; decodePayload turns the RangeError into a dead letter.
    if (!decodePayload(() => validate(value))) {
      const [first] = validate.errors ?? []
      throw new ValenceError(
        'VAL_SCHEMA_PAYLOAD_INVALID',
        `${first?.instancePath || '/'} ${first?.message}`.slice(0, 200),
      )
    }
    return reader.fromRecord(value, () => parseExactly(payload))
  }
}

function parsePayload(payload: Buffer): unknown {
  try {
    return parseJsonBytes(payload)
  } catch (cause) {
    if (isValenceError(cause) && cause.code === 'VAL_RECORD_NOT_UTF8') throw cause
    throw new ValenceError('VAL_SCHEMA_PAYLOAD_INVALID', 'not JSON', { cause })
  }
}

async function compileValidator<T>(
  writer: WriterSchema,
  reader: RecordReader<T>,
  meter: StepMeter,
): Promise<ValidateFunction> {
  const ajv = addMeter(await loadAjv(writer.text, meter), meter)
  try {
    const schema = readSchema(writer.text)
    requireFields(schema, reader.requiredProperties)
    for (const { name, text } of writer.references) ajv.addSchema(readSchema(text), name)
    const validate: ValidateFunction & { $async?: boolean } = ajv.compile(schema)
    // The validator of an `$async` schema returns a promise, which is always truthy.
    if (validate.$async) throw new Error('$async is not supported')
    return validate
  } catch (cause) {
    if (isValenceError(cause)) throw cause
    if (cause instanceof RangeError) {
      throw new ValenceError('VAL_SCHEMA_TOO_COMPLEX', 'too many subschemas in each other or in one place', { cause })
    }
    throw new ValenceError('VAL_SCHEMA_MISMATCH', (cause as Error).message.slice(0, 200), { cause })
  }
}

async function loadAjv(schemaText: string, meter: StepMeter) {
  const options = meteredOptions(meter)
  const draft = /"\$schema"\s*:\s*"https:\/\/json-schema\.org\/draft\/(2019-09|2020-12)\/schema#?"/.exec(
    schemaText,
  )?.[1]
  if (draft === '2019-09') return new (await import('ajv/dist/2019.js')).Ajv2019(options)
  if (draft === '2020-12') return new (await import('ajv/dist/2020.js')).Ajv2020(options)
  return new (await import('ajv')).Ajv(options)
}

type SchemaObject = Record<string, unknown>

/** Parses the schema. An unknown or older `$schema` is removed: ajv then reads it as draft-07, which differs little. */
function readSchema(text: string): SchemaObject {
  const schema: unknown = JSON.parse(text)
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new Error('the schema is not an object')
  const { $schema, ...rest } = addSteps(schema)
  const isKnown = typeof $schema === 'string' && /draft-07|draft\/20(19-09|20-12)/.test($schema)
  return isKnown ? { $schema, ...rest } : rest
}

/** Throws if the schema lists its properties and required ones of ours are missing: it describes another record. */
function requireFields(schema: SchemaObject, fields: readonly string[]): void {
  const properties = followReference(schema).properties
  if (typeof properties !== 'object' || properties === null) return
  const missing = fields.filter((field) => !Object.hasOwn(properties, field))
  if (missing.length > 0) throw new Error(`no property ${missing.join(', ')}`)
}

/** Follows a `$ref` of the root into `definitions` or `$defs`, as generators write it. */
function followReference(schema: SchemaObject): SchemaObject {
  const path = typeof schema.$ref === 'string' ? /^#\/(definitions|\$defs)\/([^/]+)$/.exec(schema.$ref) : null
  const [, section = '', name = ''] = path ?? []
  const target = (schema[section] as SchemaObject | undefined)?.[name]
  return typeof target === 'object' && target !== null ? (target as SchemaObject) : schema
}
