/** One line of a file: its bytes without the line feed. */
export interface ByteLine {
  /** Counted from 1. */
  readonly number: number
  /** Byte offset of the end of this line in the file. */
  readonly end: number
  readonly bytes: Buffer
  /** False if the line is longer than `maxLineBytes`: `bytes` is then cut to that length. */
  readonly whole: boolean
}

/** 4 MiB: above the default limit of brokers (1 MiB). Bounds memory for a file without line feeds. */
export const maxLineBytes = 4 * 1024 * 1024

const lineFeed = 0x0a

/**
 * Splits a stream of bytes at line feeds, without decoding, so invalid UTF-8 is preserved. Yields the lines that each
 * chunk completes. A last line without a line feed is yielded unless it is empty.
 */
export async function* readByteLines(source: AsyncIterable<Buffer>): AsyncGenerator<ByteLine[]> {
  let number = 0
  let readBytes = 0
  let parts: Buffer[] = []
  let kept = 0
  let isCut = false

  function keep(bytes: Buffer): void {
    const room = maxLineBytes - kept
    if (bytes.length > room) isCut = true
    if (room > 0 && bytes.length > 0) parts.push(bytes.subarray(0, room))
    kept += Math.min(bytes.length, room)
  }

  function take(end: number): ByteLine {
    number += 1
    const line = { number, end, bytes: parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts), whole: !isCut }
    parts = []
    kept = 0
    isCut = false
    return line
  }

  for await (const chunk of source) {
    const lines: ByteLine[] = []
    let start = 0
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      keep(chunk.subarray(start, end))
      lines.push(take(readBytes + end + 1))
      start = end + 1
    }
    keep(chunk.subarray(start))
    readBytes += chunk.length
    if (lines.length > 0) yield lines
  }
  if (kept > 0) yield [take(readBytes)]
}
