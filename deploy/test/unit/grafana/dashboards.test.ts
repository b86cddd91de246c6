import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { buildDashboards, toFile } from '../../../grafana/source/dashboards.ts'
import { runtimeMetrics } from '../../../grafana/source/runtime-metrics.ts'
import { fillVariables, readDashboards, readPanelQueries } from '../../support/dashboard-files.ts'
import { hasPromtool, runTool } from '../../support/prometheus-tools.ts'
import { knownSeries, unknownNames } from '../../support/promql.ts'
import { readRepositoryFile } from '../../support/repository.ts'
import { readAlerts, readRecordings } from '../../support/rule-files.ts'

const dashboards = readDashboards()
const queries = readPanelQueries()
const known = knownSeries()
const recorded = readRecordings().map(({ record }) => record)

test('there is a file for each dashboard, and no other', () => {
  expect(dashboards.map(({ file }) => file).sort()).toEqual([...buildDashboards().keys()].sort())
})

test.each([...buildDashboards()])('%s is what its source makes (`make pages`)', (file, dashboard) => {
  expect(readRepositoryFile(`deploy/grafana/dashboards/${file}`)).toBe(toFile(dashboard))
})

test.each(queries)('$name reads metrics and labels that there are', ({ expr }) => {
  // ALERTS is what Prometheus writes of its own rules.
  expect(unknownNames(expr.replace(/ALERTS\{[^}]*\}/, 'vector(1)'), known, recorded)).toEqual([])
})

test('the runtime metrics are those of prom-client', () => {
  for (const { name, kind, labels } of Object.values(runtimeMetrics)) {
    const series = kind === 'histogram' ? `${name}_sum` : name
    expect(known.has(series), series).toBe(true)
    if (kind !== 'histogram') expect(known.get(series)).toEqual(expect.arrayContaining(Object.keys(labels)))
  }
})

describe.each(dashboards)('$dashboard.title', ({ file, dashboard }) => {
  const { panels, uid, templating } = dashboard
  const charts = panels.filter(({ type }) => !['row', 'text'].includes(type))

  test('has its name, numbers its panels, and begins with how to read it', () => {
    expect(file).toBe(`${uid}.json`)
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(panels[0]?.type).toBe('text')
    expect(panels[0]?.options?.content).toMatch(/\S/)
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'job', 'instance'])
  })

  test('every panel says what it shows, in a unit, from the chosen source', () => {
    for (const { title, type, description, fieldConfig, datasource, targets = [] } of charts) {
      expect(title).toBeTruthy()
      expect(description, title).toBeTruthy()
      if (type !== 'table') expect(fieldConfig?.defaults.unit, title).toBeTruthy()
      expect(datasource?.uid, title).toBe('$' + '{datasource}')
      expect(targets.length, title).toBeGreaterThan(0)
    }
  })

  test('panels neither overlap nor leave the page', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    for (const { title, gridPos } of panels) expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24)
  })

  test('alerts that panels name are there', () => {
    const names = readAlerts().map(({ alert }) => alert)
    const named = JSON.stringify(dashboard).match(/\bValence[A-Z][A-Za-z]+/g) ?? []
    for (const name of named) expect(names).toContain(name)
  })
})

test('the sources that are provisioned are those that are linked', () => {
  const { datasources } = parse(readRepositoryFile('deploy/grafana/provisioning/datasources/valence.yml'))
  const uids = datasources.map(({ uid }: { uid: string }) => uid)
  const linked = datasources.flatMap(({ jsonData }: { jsonData?: { exemplarTraceIdDestinations?: object[] } }) =>
    (jsonData?.exemplarTraceIdDestinations ?? []).map((one) => (one as { datasourceUid: string }).datasourceUid),
  )
  expect(uids).toEqual(expect.arrayContaining(linked))
  expect(linked).not.toEqual([])
})

test.skipIf(!hasPromtool)('every query is PromQL', { timeout: 30_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'valence queries-'))
  try {
    const rules = queries.map(({ expr }, index) => ({ record: `query_${index}`, expr: fillVariables(expr, 60) }))
    const path = join(folder, 'queries.yml')
    await writeFile(path, JSON.stringify({ groups: [{ name: 'queries', rules }] }))
    expect(await runTool('promtool', 'check', 'rules', path)).toContain(`SUCCESS: ${queries.length} rules found`)
  } finally {
    await rm(folder, { recursive: true })
  }
})
