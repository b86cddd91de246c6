import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { ValenceError } from '@valence/schemas'
import { readByteLines } from './byte-lines.ts'
import { fieldText, readTextLine, type TextItem } from './text-line.ts'

/** A file or standard input; can be read once. */
export interface InputFile {
  readonly chunks: AsyncIterable<Buffer>
  /** Undefined for standard input. */
  readonly totalBytes: number | undefined
}

/** Standard input, and the signal that ends the reading. */
export interface InputContext {
  readonly stdin: Readable
  readonly signal: AbortSignal
}

export type FileFormat = 'auto' | 'json' | 'text' | 'csv'

export const fileFormats = ['auto', 'json', 'text', 'csv'] as const

/** Opens a file; `-` is standard input. Ends early without an error when the signal aborts. */
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

/** Destroys stdin on abort: a pending read from a terminal or an idle pipe would never return. */
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
 * The texts of a file in order, in small arrays. With `key`, a line without that field is yielded as an error.
 * @throws VAL_USAGE_INVALID if the header of a CSV file is invalid
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

/** Rejects a text without its key: it would go to another partition and lose its order. */
function needKey(item: TextItem, key: string | undefined): TextItem {
  if (key === undefined || item.error || fieldText(item.fields, key) !== undefined) return item
  return {
    line: item.line,
    end: item.end,
    error: new ValenceError('VAL_RECORD_INVALID', `no field ${key} for the key`),
  }
}
