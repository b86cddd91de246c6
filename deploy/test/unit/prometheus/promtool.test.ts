import { describe, expect, test } from 'vitest'
import { hasAmtool, hasPromtool, runTool } from '../../support/prometheus-tools.ts'
import { ruleTestFiles } from '../../support/rule-files.ts'

describe.skipIf(!hasPromtool)('with promtool on the PATH', { timeout: 120_000 }, () => {
  test('the configuration and its rules are sound', async () => {
    expect(await runTool('promtool', 'check', 'config', 'deploy/prometheus/prometheus.yml')).toContain('SUCCESS')
  })

  test.each(ruleTestFiles)('%s: each alert fires in its case and is silent in the quiet one', async (path) => {
    expect(await runTool('promtool', 'test', 'rules', path)).toContain('SUCCESS')
  })
})

describe.skipIf(!hasAmtool)('with amtool on the PATH', { timeout: 30_000 }, () => {
  const configuration = 'deploy/prometheus/alertmanager.yml'
  const receiver = async (...labels: string[]) =>
    (await runTool('amtool', 'config', 'routes', 'test', `--config.file=${configuration}`, ...labels)).split('\n')[0]

  test('the configuration of the Alertmanager is sound', async () => {
    expect(await runTool('amtool', 'check-config', configuration)).toContain('SUCCESS')
  })

  test('pages, tickets and the heartbeat go different ways', async () => {
    expect(await receiver('alertname=ValenceNoOutput', 'severity=page')).toBe('pages')
    expect(await receiver('alertname=ValenceCpuHigh', 'severity=ticket')).toBe('tickets')
    expect(await receiver('alertname=ValenceWatchdog', 'severity=none')).toBe('heartbeat')
  })
})
