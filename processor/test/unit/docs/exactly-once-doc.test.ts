import { explanations } from '@valence/testing/counting/fault-report'
import { merged, readPublished, withTables } from '@valence/testing/faults/publish'
import { describe, expect, it } from 'vitest'

describe('docs/lab/exactly-once.md', () => {
  const { rows, page } = readPublished()
  const faults = rows.filter((row) => 'fault' in row).filter((row) => row.quiet === undefined)
  const quiet = rows.filter((row) => 'fault' in row).filter((row) => row.quiet !== undefined)
  const counted = faults.filter(({ without }) => without === undefined)

  it('has the tables of the runs in docs/lab/exactly-once.json (node testing/src/faults/publish.ts out.json)', () => {
    expect(withTables(page, rows)).toBe(page)
  })

  it('counts enough of them, and nothing lost, doubled, reordered or misattributed but what Kafka itself did', () => {
    const sum = (name: 'injected' | 'records') => counted.reduce((total, row) => total + row[name], 0)
    expect(new Set(counted.map(({ fault }) => fault)).size).toBeGreaterThanOrEqual(25)
    expect(sum('injected')).toBeGreaterThanOrEqual(200)
    expect(sum('records')).toBeGreaterThanOrEqual(500_000)
    const unexplained = counted.filter(({ explained }) => explained === undefined)
    for (const { fault, lost, doubled, reordered, misattributed } of unexplained) {
      expect({ fault, lost, doubled, reordered, misattributed }).toEqual({
        fault,
        lost: 0,
        doubled: 0,
        reordered: 0,
        misattributed: 0,
      })
    }
  })

  it('keeps the counts of one form where only the other was run again', () => {
    expect(merged(rows, quiet)).toEqual(rows)
    expect(merged(rows, [...quiet, ...quiet])).toHaveLength(rows.length + quiet.length)
  })

  it('shows that everything comes out in time where nothing follows a fault, and that readiness told the truth', () => {
    for (const { fault, lost, doubled, quiet: facts } of quiet.filter(({ without }) => without === undefined)) {
      expect({ fault, lost, doubled, waiting: facts?.waiting, untruths: facts?.untruths }).toEqual({
        fault,
        lost: 0,
        doubled: 0,
        waiting: 0,
        untruths: [],
      })
    }
  })

  it('shows the evidence wherever the broker is to blame', () => {
    for (const { explained } of counted) {
      if (explained) expect(page).toContain(`## ${explanations[explained]}\n`)
    }
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
