import { stripVTControlCharacters } from 'node:util'

export interface Column {
  readonly title: string
  /** `right` for numbers. */
  readonly align?: 'left' | 'right'
}

const gap = '  '

/** Formats rows with columns as wide as their content; the last one is not padded. Cells may contain colours. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const lines = [columns.map(({ title }) => title), ...rows]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => visibleLength(line[index] ?? ''))))
  return lines.map((line) =>
    columns
      .map(({ align }, index) => pad(line[index] ?? '', widths[index] ?? 0, align))
      .join(gap)
      .trimEnd(),
  )
}

function pad(cell: string, width: number, align: Column['align'] = 'left'): string {
  const fill = ' '.repeat(Math.max(0, width - visibleLength(cell)))
  return align === 'right' ? fill + cell : cell + fill
}

function visibleLength(cell: string): number {
  return stripVTControlCharacters(cell).length
}
