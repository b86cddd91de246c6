import { relative } from 'node:path'

interface Count {
  readonly total: number
  readonly covered: number
}

const measures = ['lines', 'branches', 'functions'] as const
type Coverage = Readonly<Record<(typeof measures)[number], Count>>

/** `processor/src/kafka/sasl.ts` → `processor/kafka`; a file beside the rooms belongs to its workspace. */
function roomOf(path: string): string {
  const [workspace = '', , ...rest] = path.split('/')
  return rest.length > 1 ? `${workspace}/${rest[0]}` : workspace
}

function percent(files: readonly Coverage[], measure: keyof Coverage): string {
  const sum = (part: keyof Count) => files.reduce((total, file) => total + file[measure][part], 0)
  return sum('total') === 0 ? '-' : `${((100 * sum('covered')) / sum('total')).toFixed(1)} %`
}

/**
 * One row for each room and one for all of them.
 * @param summary what istanbul's json-summary reporter writes: absolute path → counts, and `total`
 */
export function coverageTable(summary: Readonly<Record<string, Coverage>>, repository: string): string {
  const files = Object.entries(summary).filter(([path]) => path !== 'total')
  const rooms = Map.groupBy(files, ([path]) => roomOf(relative(repository, path)))
  const row = (name: string, entries: typeof files) => {
    const own = entries.map(([, coverage]) => coverage)
    return [name, String(own.length), ...measures.map((measure) => percent(own, measure))]
  }
  const sorted = [...rooms].sort(([a], [b]) => a.localeCompare(b))
  const table = [['room', 'files', ...measures], ...sorted.map(([name, own]) => row(name, own)), row('all', files)]
  const width = (column: number) => Math.max(...table.map((cells) => cells[column]?.length ?? 0))
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(width(0)) : cell.padStart(width(column)))).join('  ')
  return `${table.map(line).join('\n')}\n`
}
