import { ValenceError } from '@valence/schemas'
import { OutputProbe } from '@valence/testing/processes/cli-run'
import { describe, expect, it } from 'vitest'
import type { Output } from '../../../src/cli/context.ts'
import { LineProblems } from '../../../src/cli/line-problems.ts'

function report(problems: LineProblems): string[] {
  const probe = new OutputProbe()
  problems.report(probe as unknown as Output, 'rejected')
  return probe.lines
}

describe('LineProblems', () => {
  it('says nothing where there are none', () => {
    expect(report(new LineProblems())).toEqual([])
  })

  it('names the lines in their order, with code and reason', () => {
    const problems = new LineProblems()
    problems.add(9, new ValenceError('VAL_TEXT_EMPTY'))
    problems.add(3, new ValenceError('VAL_RECORD_NOT_UTF8'))
    expect(report(problems)).toEqual([
      'line 3: VAL_RECORD_NOT_UTF8: A text is not valid Unicode in UTF-8',
      'line 9: VAL_TEXT_EMPTY: The text is empty',
      '2 lines rejected',
    ])
    expect(problems.first).toMatchObject({ code: 'VAL_TEXT_EMPTY' })
  })

  it('counts all but shows only the first of many', () => {
    const problems = new LineProblems()
    for (let line = 1; line <= 1_500; line += 1) problems.add(line, new ValenceError('VAL_TEXT_EMPTY'))
    const lines = report(problems)
    expect(problems.count).toBe(1_500)
    expect(lines).toHaveLength(22)
    expect(lines.slice(-2)).toEqual(['and 1,480 more', '1,500 lines rejected'])
  })
})
