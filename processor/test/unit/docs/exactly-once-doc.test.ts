import { describe, expect, it } from 'vitest'
import { readPublished, withTables } from '../../support/faults/publish.ts'

describe('docs/exactly-once.md', () => {
  const { rows, page } = readPublished()
  const faults = rows.filter((row) => 'fault' in row)
  const counted = faults.filter(({ without }) => without === undefined)

  it('has the tables of the runs in docs/exactly-once.json (node processor/test/support/faults/publish.ts out.json)', () => {
    expect(withTables(page, rows)).toBe(page)
  })

  it('counts enough of them, and nothing lost, doubled, reordered or misattributed', () => {
    const sum = (name: 'injected' | 'records' | 'lost' | 'doubled' | 'reordered' | 'misattributed') =>
      counted.reduce((total, row) => total + row[name], 0)
    expect(new Set(counted.map(({ fault }) => fault)).size).toBeGreaterThanOrEqual(25)
    expect(sum('injected')).toBeGreaterThanOrEqual(200)
    expect(sum('records')).toBeGreaterThanOrEqual(500_000)
    expect([sum('lost'), sum('doubled'), sum('reordered'), sum('misattributed')]).toEqual([0, 0, 0, 0])
  })

  it('shows what happens without each protection', () => {
    const bare = Map.groupBy(
      faults.filter(({ without }) => without !== undefined),
      ({ without }) => without,
    )
    const total = (without: string, name: 'lost' | 'doubled') =>
      (bare.get(without) ?? []).reduce((sum, row) => sum + row[name], 0)
    expect(total('fencing', 'doubled')).toBeGreaterThan(0)
    expect(total('transactions', 'doubled')).toBeGreaterThan(0)
    expect(total('overlay and acknowledgements', 'lost')).toBeGreaterThan(0)
  })
})
