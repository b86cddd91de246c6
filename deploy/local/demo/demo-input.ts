import { createReadStream } from 'node:fs'
import { isValenceError, type TextEventInput, textEventJson } from '@valence/schemas'

/** One line of the input: a text event to encode with the registry's schema, or bytes to send unchanged. */
export type DemoRecord =
  | { readonly kind: 'event'; readonly event: TextEventInput }
  | { readonly kind: 'raw'; readonly bytes: Buffer }

const newline = 0x0a

/** Lines as bytes: decoding them would replace invalid bytes that the processor must reject. */
async function* readLines(path: string): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of createReadStream(path)) {
    let data = Buffer.concat([rest, chunk as Buffer])
    for (let end = data.indexOf(newline); end >= 0; end = data.indexOf(newline)) {
      yield data.subarray(0, end)
      data = data.subarray(end + 1)
    }
    rest = data
  }
  if (rest.length > 0) yield rest
}

/** The label of a labelled line is sent as an attribute, so that results can be compared with it. */
function asEvent(line: Buffer): TextEventInput | undefined {
  try {
    const parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line))
    const { attributes, ...event } = textEventJson.parse(parsed)
    return { ...event, attributes: { ...attributes, ...(typeof parsed.label === 'string' && { label: parsed.label }) } }
  } catch (error) {
    if (isValenceError(error) || error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

/**
 * Reads a file line by line. A line that is a text event is encoded; any other line is sent unchanged, so that the
 * processor scores it or writes a dead letter with the reason. Only blank lines are skipped.
 */
export async function* readDemoInput(path: string): AsyncGenerator<DemoRecord> {
  for await (const line of readLines(path)) {
    if (line.length === 0 || (line.length === 1 && line[0] === 0x0d)) continue
    const event = asEvent(line)
    yield event === undefined ? { kind: 'raw', bytes: Buffer.from(line) } : { kind: 'event', event }
  }
}
