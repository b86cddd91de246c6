import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { faults } from '../../../../bench/signals/faults.ts'
import { type SignalReport, signalTable } from '../../../../bench/signals/table.ts'

const read = (path: string) => readFileSync(new URL(`../../../../../${path}`, import.meta.url), 'utf8')
const published = JSON.parse(read('docs/lab/signals.json')) as SignalReport

const report: SignalReport = {
  date: '2026-11-25T10:00:00.000Z',
  machine: '2 cores',
  limitSeconds: 300,
  signals: [
    {
      name: 'Redis down',
      how: 'cut',
      metric: '`a|b`',
      noise: 0,
      metricSeconds: 0.64,
      alerts: [
        { name: 'One', seconds: 150.4 },
        { name: 'Two', seconds: null, was: 'pending' },
        { name: 'Three', seconds: null },
      ],
      others: { Four: 12 },
    },
    { name: 'zombie', how: 'stopped', metric: '`c`', noise: 0, metricSeconds: null, alerts: [], others: {} },
  ],
  notMeasured: { 'full disk': 'nothing may be mounted' },
}

describe('the table of signals', () => {
  it('tells what was seen, what was not, and what was not tried', () => {
    const cells = signalTable(report)
      .split('\n')
      .slice(5)
      .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    expect(cells.map((row) => row.slice(1, -1))).toEqual([
      ['Redis down', 'cut', '`a\\|b`', '0.6 s', 'One: 150 s, Two: pending after 300 s, Three: silent after 300 s'],
      ['zombie', 'stopped', '`c`', 'not seen', ''],
      ['full disk', 'not measured: nothing may be mounted', '', '', ''],
    ])
  })

  it('does not call an alert silent that nobody waited for', () => {
    expect(signalTable({ ...report, limitSeconds: 0 })).toContain('One (not waited for)')
  })
})

describe('docs/lab/signals.md', () => {
  it('has a row for every fault that can be brought in', () => {
    const rows = [...published.signals.map(({ name }) => name), ...Object.keys(published.notMeasured)]
    expect(rows.sort()).toEqual(faults.map(({ name }) => name).sort())
  })

  it('names only alerts that exist', () => {
    const rules = read('deploy/prometheus/rules/alerts.yml')
    const named = [
      ...faults.flatMap(({ alerts }) => alerts),
      ...published.signals.flatMap(({ others }) => Object.keys(others)),
    ]
    for (const name of named) expect(rules).toContain(`alert: ${name}\n`)
  })
})
