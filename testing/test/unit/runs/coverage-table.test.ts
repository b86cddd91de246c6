import { expect, it } from 'vitest'
import { coverageTable } from '../../../runs/coverage-table.ts'

const file = (covered: number, total: number) => {
  const count = { covered, total }
  return { lines: count, branches: { covered: 0, total: 0 }, functions: count }
}

it('sums the files of a room, one beside the rooms under its workspace, and all of them', () => {
  const summary = {
    total: file(99, 100),
    '/repository/processor/src/kafka/sasl.ts': file(1, 10),
    '/repository/processor/src/kafka/overlay/port.ts': file(9, 10),
    '/repository/processor/src/main.ts': file(0, 10),
    '/repository/schemas/src/errors/catalogue.ts': file(10, 10),
  }
  expect(coverageTable(summary, '/repository')).toBe(
    [
      'room             files    lines  branches  functions',
      'processor            1    0.0 %         -      0.0 %',
      'processor/kafka      2   50.0 %         -     50.0 %',
      'schemas/errors       1  100.0 %         -    100.0 %',
      'all                  4   50.0 %         -     50.0 %',
      '',
    ].join('\n'),
  )
})
