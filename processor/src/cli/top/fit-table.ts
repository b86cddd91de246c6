import { stripVTControlCharacters } from 'node:util'
import { type Column, formatTable } from '../table.ts'

/** A column that is dropped if the table is too wide. */
export interface OptionalColumn<R> extends Column {
  readonly cell: (row: R) => string
  /** Columns with the highest rank are dropped first; rank 0 is never dropped. */
  readonly rank: number
}

function visibleLength(line: string): number {
  return stripVTControlCharacters(line).length
}

/** Cuts a line to the width of the terminal. A line that is cut loses its colours. */
export function cutLine(line: string, width: number): string {
  if (visibleLength(line) <= width) return line
  return `${stripVTControlCharacters(line).slice(0, Math.max(0, width - 1))}…`
}

/** Replaces control characters in foreign text, which could control the terminal. */
export function plain(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must go
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '·')
}

/** A table with as many of its columns as fit. */
export function fitTable<R>(columns: readonly OptionalColumn<R>[], rows: readonly R[], width: number): string[] {
  const lines = formatTable(
    columns,
    rows.map((row) => columns.map(({ cell }) => cell(row))),
  )
  const leastImportant = Math.max(...columns.map(({ rank }) => rank))
  if (leastImportant > 0 && lines.some((line) => visibleLength(line) > width)) {
    return fitTable(
      columns.filter(({ rank }) => rank !== leastImportant),
      rows,
      width,
    )
  }
  return lines.map((line) => cutLine(line, width))
}
