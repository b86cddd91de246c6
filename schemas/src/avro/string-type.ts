import avro from 'avsc'
import { readUtf8 } from '../records/check-unicode.ts'

/** avsc's cursor over a buffer; not in its typings. */
export interface StringTap {
  pos: number
  readonly buf: Buffer
  readLong(): number
  readString(): string
}

/** avsc decodes bytes that are not UTF-8 to U+FFFD. @throws VAL_RECORD_NOT_UTF8 */
export function readAvroString(tap: StringTap): string {
  const start = tap.pos
  // Undefined beyond the end of the buffer, which avsc notices by itself.
  const text = tap.readString() as string | undefined
  // Without this character nothing was replaced.
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

/** Avro's string, refused where its bytes are not UTF-8; also what a reader makes of a writer's bytes. */
export const stringType = new StringType()
