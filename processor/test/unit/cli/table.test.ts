import { styleText } from 'node:util'
import { describe, expect, it } from 'vitest'
import { formatTable } from '../../../src/cli/table.ts'

describe('formatTable', () => {
  it('makes columns as wide as their widest cell, numbers to the right', () => {
    const lines = formatTable(
      [{ title: 'TOPIC' }, { title: 'LAG', align: 'right' }, { title: 'OWNER' }],
      [
        ['sentiment.texts.v1', '7', 'a'],
        ['short', '12345', 'somebody'],
      ],
    )
    expect(lines).toEqual([
      'TOPIC                 LAG  OWNER',
      'sentiment.texts.v1      7  a',
      'short               12345  somebody',
    ])
  })

  it('gives the titles alone where there are no rows, and pads missing cells', () => {
    expect(formatTable([{ title: 'A' }, { title: 'B' }], [])).toEqual(['A  B'])
    expect(formatTable([{ title: 'A' }, { title: 'B' }], [['long cell']])).toEqual(['A          B', 'long cell'])
  })

  it('does not count colours as width', () => {
    const red = styleText('red', 'bad', { validateStream: false })
    const [, line] = formatTable([{ title: 'STATE' }, { title: 'X' }], [[red, 'y']])
    expect(line).toBe(`${red}    y`)
  })
})
