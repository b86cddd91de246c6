import { describe, expect, test } from 'vitest'
import { knownSeries, unknownNames } from '../../support/promql.ts'
import { readRepositoryFile } from '../../support/repository.ts'
import { readAlerts, readRecordings, readRuleTests } from '../../support/rule-files.ts'

const alerts = readAlerts()
const recordings = readRecordings()
const recordedNames = recordings.map(({ record }) => record)
const known = knownSeries()

/** As GitHub makes anchors of headings. */
const anchors = [...readRepositoryFile('docs/operations.md').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
  heading
    .toLowerCase()
    .replace(/[^\w\s-]/g, '')
    .replace(/\s/g, '-'),
)

describe('names', () => {
  test.each(recordings)('$record reads metrics that there are', ({ expr }) => {
    expect(unknownNames(expr, known, recordedNames)).toEqual([])
  })

  test.each(alerts)('$alert reads metrics that there are', ({ expr }) => {
    expect(unknownNames(expr, known, recordedNames)).toEqual([])
  })

  test('the cases are made of series that there are', () => {
    const series = readRuleTests().flatMap((own) => own.input_series.map((input) => input.series))
    expect(series.flatMap((one) => unknownNames(one, known, recordedNames))).toEqual([])
  })

  test('a metric, a label or a recording that is not there is seen', () => {
    const wrong = (expr: string) => unknownNames(expr, known, recordedNames)
    expect(wrong('rate(valence_pipeline_record_total[5m])')).toEqual(['no metric valence_pipeline_record_total'])
    expect(wrong('valence_pipeline_end_to_end_seconds')).toEqual(['no metric valence_pipeline_end_to_end_seconds'])
    expect(wrong('valence_breaker_state{parts="redis"}')).toEqual(['valence_breaker_state has no label parts'])
    expect(wrong('valence:lag_records:avg > 1')).toEqual(['no rule records valence:lag_records:avg'])
    expect(wrong('sum by (code) (valence_breaker_state)')).toEqual(['no series of the query has the label code'])
    expect(wrong('sum by (part) (valence_breaker_state{part!="redis"})')).toEqual([])
  })
})

describe('alerts', () => {
  test('have a name of their own', () => {
    const names = alerts.map(({ alert }) => alert)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^Valence[A-Z][A-Za-z]+$/)
  })

  test.each(alerts)('$alert has a severity, a summary and a runbook that exists', ({ alert, labels, annotations }) => {
    expect(['page', 'ticket', 'none']).toContain(labels.severity)
    expect(annotations.summary).toBeTruthy()
    const [page, anchor] = annotations.runbook_url?.split('#') ?? []
    expect(page).toBe('docs/operations.md')
    expect(anchor).toBe(alert.toLowerCase())
    expect(anchors).toContain(anchor)
  })

  test('every runbook is that of an alert', () => {
    const runbooks = anchors.filter((anchor) => /^valence[a-z]+$/.test(anchor))
    expect(runbooks.sort()).toEqual(alerts.map(({ alert }) => alert.toLowerCase()).sort())
  })

  test.each(alerts)('$alert has a case in which it fires', ({ alert }) => {
    const cases = readRuleTests().flatMap((own) => own.alert_rule_test.filter(({ alertname }) => alertname === alert))
    expect(cases.filter(({ exp_alerts = [] }) => exp_alerts.length > 0)).not.toEqual([])
  })

  test.each(alerts.filter(({ alert }) => alert !== 'ValenceWatchdog'))('$alert has a quiet case', ({ alert }) => {
    const cases = readRuleTests().flatMap((own) => own.alert_rule_test.filter(({ alertname }) => alertname === alert))
    expect(cases.filter(({ exp_alerts = [] }) => exp_alerts.length === 0)).not.toEqual([])
  })
})
