import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { ValenceError } from '@valence/schemas'
import { readByteLines } from './byte-lines.ts'
import { fieldText, readTextLine, type TextItem } from './text-line.ts'

/** A file or standard input, read once. */
export interface InputFile {
  readonly chunks: AsyncIterable<Buffer>
  /** Undefined for standard input. */
  readonly totalBytes: number | undefined
}

/** What a file is read beside: standard input, and the signal that ends the reading. */
export interface InputContext {
  readonly stdin: Readable
  readonly signal: AbortSignal
}

export type FileFormat = 'auto' | 'json' | 'text' | 'csv'

export const fileFormats = ['auto', 'json', 'text', 'csv'] as const

/** Opens a file; `-` is standard input. Ends early, without an error, when the command is told to stop. */
export async function openInput(path: string, context: InputContext): Promise<InputFile> {
  async function* counting(source: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of source) {
        yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
        if (context.signal.aborted) return
      }
    } catch (cause) {
      if (context.signal.aborted) return
      throw new ValenceError('VAL_FILE_UNREADABLE', path, { cause })
    }
  }
  if (path === '-') {
    return { chunks: counting(untilAborted(context)), totalBytes: undefined }
  }
  const { stream, size } = await openFile(path)
  return { chunks: counting(stream), totalBytes: size }
}

/** A read from a terminal or an idle pipe does not end by itself. */
function untilAborted({ stdin, signal }: InputContext): Readable {
  signal.addEventListener('abort', () => stdin.destroy(), { once: true })
  return stdin
}

async function openFile(path: string) {
  try {
    const file = await open(path)
    const { size } = await file.stat()
    // A pipe such as /dev/stdin has no size.
    return { stream: file.createReadStream({ highWaterMark: 256 * 1024 }), size: size > 0 ? size : undefined }
  } catch (cause) {
    throw new ValenceError('VAL_FILE_UNREADABLE', path, { cause })
  }
}

/**
 * The texts of a file in its order, a few at a time. With `key` a line without that field is an error in its place.
 * @throws VAL_USAGE_INVALID where a CSV file has no such column
 */
export async function* readItems(
  path: string,
  { chunks }: InputFile,
  format: FileFormat,
  key?: string,
): AsyncGenerator<readonly TextItem[]> {
  if (format === 'csv' || (format === 'auto' && /\.csv$/i.test(path))) {
    const { readCsvItems } = await import('./csv-items.ts')
    for await (const items of readCsvItems(chunks, key)) yield items.map((item) => needKey(item, key))
    return
  }
  for await (const lines of readByteLines(chunks)) yield lines.map((line) => needKey(readTextLine(line, format), key))
}

/** Without its key a text would overtake, or be overtaken by, others of the same key. */
function needKey(item: TextItem, key: string | undefined): TextItem {
  if (key === undefined || item.error || fieldText(item.fields, key) !== undefined) return item
  return {
    line: item.line,
    end: item.end,
    error: new ValenceError('VAL_RECORD_INVALID', `no field ${key} for the key`),
  }
}
