import type { IncomingHttpHeaders } from 'node:http'
import { ValenceError } from '@valence/schemas'

/** Header of the binary tensor extension: where the JSON ends and the tensors begin. */
const lengthHeader = 'inference-header-content-length'

function invalid(detail: string, cause?: unknown): never {
  throw new ValenceError('VAL_HTTP_BODY_INVALID', detail, { cause })
}

function parseJson(bytes: Buffer): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (cause) {
    invalid('the part before the tensors is no JSON', cause)
  }
  return invalid('the part before the tensors is no JSON object')
}

/** Texts as the extension packs them: a length in four bytes, then so many bytes of UTF-8. */
function readTexts(bytes: Buffer): string[] {
  const texts: string[] = []
  for (let at = 0; at < bytes.length; ) {
    if (at + 4 > bytes.length) invalid('a binary tensor ends within a length')
    const end = at + 4 + bytes.readUInt32LE(at)
    if (end > bytes.length) invalid('a binary tensor ends within a text')
    texts.push(bytes.toString('utf8', at + 4, end))
    at = end
  }
  return texts
}

/**
 * The request in an octet stream, with the texts of its one tensor put where JSON would have them.
 * @throws VAL_HTTP_BODY_INVALID
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
