import type { IncomingHttpHeaders } from 'node:http'
import { readUtf8, ValenceError } from '@valence/schemas'

/** A tensor of a response, as it stands in JSON. */
export interface OutputTensor {
  readonly name: string
  readonly datatype: 'BYTES' | 'FP64' | 'INT32'
  readonly shape: number[]
  readonly data: (string | number)[]
}

/** Header of the binary tensor extension: where the JSON ends and the tensors begin. */
export const lengthHeader = 'inference-header-content-length'

function invalid(detail: string, cause?: unknown): never {
  throw new ValenceError('VAL_HTTP_BODY_INVALID', detail, { cause })
}

function parseJson(bytes: Buffer): Record<string, unknown> {
  const json = readUtf8(bytes, 'the part before the tensors')
  try {
    const value: unknown = JSON.parse(json)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (cause) {
    invalid('the part before the tensors is no JSON', cause)
  }
  return invalid('the part before the tensors is no JSON object')
}

/** Unpacks BYTES tensors: for each text a length of four bytes, then that many bytes of UTF-8. */
function readTexts(bytes: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) invalid('a binary tensor ends within a length')
    const end = at + 4 + bytes.readUInt32LE(at)
    if (end > bytes.length) invalid('a binary tensor ends within a text')
    texts.push(readUtf8(bytes.subarray(at + 4, end), 'a text of the tensor'))
    at = end
  }
  return texts
}

/**
 * The request in an octet stream, with the texts of its one tensor put where JSON would have them.
 * @throws VAL_HTTP_BODY_INVALID, VAL_RECORD_NOT_UTF8
 */
export function readBinaryRequest(headers: IncomingHttpHeaders, body: Buffer): unknown {
  const given = headers[lengthHeader]
  const length = given === undefined ? body.length : Number(given)
  if (!Number.isInteger(length) || length < 0 || length > body.length) invalid(`${lengthHeader} is not valid`)
  const request = parseJson(body.subarray(0, length))
  const inputs = request.inputs
  if (!Array.isArray(inputs) || inputs.length !== 1 || length === body.length) return request
  return { ...request, inputs: [{ ...(inputs[0] as object), data: readTexts(body.subarray(length)) }] }
}

const packers: Readonly<Record<OutputTensor['datatype'], (value: string | number) => Buffer>> = {
  BYTES(value) {
    const text = Buffer.from(String(value))
    const length = Buffer.alloc(4)
    length.writeUInt32LE(text.length)
    return Buffer.concat([length, text])
  },
  FP64(value) {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(Number(value))
    return bytes
  },
  INT32(value) {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32LE(Number(value))
    return bytes
  },
}

/** Appends the tensors requested as binary to the JSON. @returns the body and the length of its JSON in bytes */
export function packBinaryResponse(
  response: { readonly outputs: readonly OutputTensor[] },
  isBinary: (name: string) => boolean,
): { readonly body: Buffer; readonly jsonBytes: number } {
  const packed: Buffer[] = []
  const outputs = response.outputs.map((tensor) => {
    if (!isBinary(tensor.name)) return tensor
    const { data, ...described } = tensor
    const bytes = Buffer.concat(data.map(packers[tensor.datatype]))
    packed.push(bytes)
    return { ...described, parameters: { binary_data_size: bytes.length } }
  })
  const json = Buffer.from(JSON.stringify({ ...response, outputs }))
  return { body: Buffer.concat([json, ...packed]), jsonBytes: json.length }
}
