import { expect, it } from 'vitest'
import { cutLine, fitTable, plain } from '../../../../src/cli/top/fit-table.ts'

const columns = [
  { title: 'NAME', rank: 0, cell: (row: string) => row },
  { title: 'FIRST TO GO', rank: 2, cell: () => 'x' },
  { title: 'NEXT', rank: 1, cell: () => 'y' },
]

it.each([
  [80, 'NAME  FIRST TO GO  NEXT'],
  [22, 'NAME  NEXT'],
  [9, 'NAME'],
  [3, 'NA…'],
])('at %d columns the titles are %s', (width, titles) => {
  expect(fitTable(columns, ['a'], width)[0]).toBe(titles)
})

it('counts what is seen, not what colours it', () => {
  const red = '\u001b[31mred\u001b[39m'
  expect(cutLine(red, 3)).toBe(red)
  expect(cutLine(`${red}dish`, 4)).toBe('red…')
})

it('takes from names what would steer the terminal', () => {
  expect(plain('a\u001b[2Jb\nc\u009b')).toBe('a·[2Jb·c·')
})
