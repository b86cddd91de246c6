import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { errorTables } from '../../scripts/document-errors.ts'
import { type ErrorCode, errorCatalogue } from '../../src/index.ts'

const document = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8')
const remedy = 'run `npm run document-errors -w @valence/schemas`'

/** The rows of all tables, cell by cell. */
function documentedRows(): string[][] {
  return document
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split(' | ')
        .map((cell) => cell.trim()),
    )
}

describe('docs/errors.md', () => {
  it('has a row for each code of the catalogue, and no other', () => {
    const codes = documentedRows().map(([code = '']) => code.replaceAll('`', ''))
    expect(codes.toSorted(), remedy).toEqual(Object.keys(errorCatalogue).toSorted())
  })

  it.each(documentedRows().map(([code = '', ...cells]) => [code.replaceAll('`', ''), cells] as const))(
    'says of %s what the catalogue says',
    (code, cells) => {
      const row = errorCatalogue[code as ErrorCode]
      const expected = [row?.message, row?.help, String(row?.http ?? ''), yes(row?.retryable), yes(row?.deadLetter)]
      expect(cells, remedy).toEqual(expected)
    },
  )

  it('ends in what the script writes', () => {
    expect(document.endsWith(errorTables()), remedy).toBe(true)
  })

  it('mentions no code in its prose that does not exist', () => {
    for (const [code] of document.matchAll(/VAL_[A-Z0-9_]+/g)) expect(errorCatalogue).toHaveProperty(code)
  })
})

function yes(flag: boolean | undefined): string {
  return flag ? 'yes' : ''
}
