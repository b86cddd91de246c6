import avro from 'avsc'
import { readUtf8 } from '../records/check-unicode.ts'

/** avsc's cursor over a buffer, which its typings lack. */
export interface StringTap {
  pos: number
  readonly buf: Buffer
  readLong(): number
  readString(): string
}

/** Reads a string. avsc would replace invalid UTF-8 by U+FFFD. @throws VAL_RECORD_NOT_UTF8 */
export function readAvroString(tap: StringTap): string {
  const start = tap.pos
  // Undefined beyond the end of the buffer; avsc reports that afterwards.
  const text = tap.readString() as string | undefined
  // Bytes can only have been replaced if the text contains U+FFFD.
  if (text?.includes('\ufffd')) checkBytes(tap, start)
  return text as string
}

function checkBytes(tap: StringTap, start: number): void {
  const end = tap.pos
  tap.pos = start
  const length = tap.readLong()
  tap.pos = end
  readUtf8(tap.buf.subarray(end - length, end), 'a string of the payload')
}

class StringType extends avro.types.StringType {
  _read(tap: StringTap): string {
    return readAvroString(tap)
  }
}

/** Avro's string; throws for invalid UTF-8, also when a writer's `bytes` are resolved to it. */
export const stringType = new StringType()
