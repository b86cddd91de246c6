import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '@valence/processor/config/config'
import { createLogger } from '@valence/processor/observability/logger'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readComposeFile, serviceNamed } from '../../support/compose-file.ts'
import { readRepositoryFile, repositoryRoot } from '../../support/repository.ts'

const file = readComposeFile()
const read = <T>(path: string) => parse(readRepositoryFile(path)) as T

/** Path in the repository of what a container sees under a path. */
function behind(service: string, path: string): string {
  for (const volume of serviceNamed(file, service).volumes ?? []) {
    const [source = '', target = ''] = volume.split(':')
    if (source.startsWith('./') && path.startsWith(target))
      return join(repositoryRoot, source, path.slice(target.length))
  }
  throw new Error(`${service} has nothing of the repository at ${path}`)
}

/** The ports on which a service answers others: what it publishes, and the admin port of our own. */
function portsOf(name: string): string[] {
  const service = serviceNamed(file, name)
  const published = (service.ports ?? []).map((port) => port.split(':')[2] ?? '')
  return service.build === undefined ? published : [...published, String(readConfig({}).adminPort)]
}

function expectAnswering(address: string): void {
  const { hostname, port } = new URL(address.includes('://') ? address : `http://${address}`)
  expect(portsOf(hostname), address).toContain(port)
}

interface ScrapeConfig {
  readonly job_name: string
  readonly dns_sd_configs?: readonly { readonly names: readonly string[]; readonly port: number }[]
  readonly static_configs?: readonly { readonly targets: readonly string[] }[]
}

describe('Prometheus', () => {
  const configuration = read<{
    rule_files: string[]
    alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] }
    scrape_configs: ScrapeConfig[]
  }>('deploy/prometheus/prometheus.yml')

  test('asks services that there are, on ports that they have', () => {
    const { scrape_configs: jobs, alerting } = configuration
    const found = jobs.flatMap(({ dns_sd_configs = [] }) =>
      dns_sd_configs.flatMap(({ names, port }) => names.map((name) => `${name}:${port}`)),
    )
    const fixed = [...jobs, ...alerting.alertmanagers].flatMap(({ static_configs = [] }) =>
      static_configs.flatMap(({ targets }) => targets),
    )
    for (const address of [...found, ...fixed.filter((target) => !target.startsWith('localhost'))]) {
      expectAnswering(address)
    }
    expect(found.map((address) => address.split(':')[0])).toEqual(['processor', 'facade', 'lag-service'])
  })

  test('is given its configuration and rules', () => {
    const flags = (serviceNamed(file, 'prometheus').command ?? []).join(' ')
    const path = /--config\.file=(\S+)/.exec(flags)?.[1] ?? ''
    expect(behind('prometheus', path)).toBe(join(repositoryRoot, 'deploy/prometheus/prometheus.yml'))
    expect(configuration.rule_files).toEqual(['rules/*.yml'])
    expect(behind('prometheus', '/etc/prometheus/rules')).toBe(join(repositoryRoot, 'deploy/prometheus/rules'))
    const alertmanager = (serviceNamed(file, 'alertmanager').command ?? []).join(' ')
    expect(existsSync(behind('alertmanager', /--config\.file=(\S+)/.exec(alertmanager)?.[1] ?? ''))).toBe(true)
  })
})

describe('Grafana', () => {
  test('is provisioned with sources that answer', () => {
    const { datasources } = read<{ datasources: { url: string }[] }>(
      'deploy/grafana/provisioning/datasources/valence.yml',
    )
    for (const { url } of datasources) expectAnswering(url)
  })

  test('finds the dashboards where its provider looks, and its home among them', () => {
    const { providers } = read<{ providers: { options: { path: string } }[] }>(
      'deploy/grafana/provisioning/dashboards/valence.yml',
    )
    const folder = providers[0]?.options.path ?? ''
    expect(behind('grafana', folder)).toBe(join(repositoryRoot, 'deploy/grafana/dashboards'))
    const home = serviceNamed(file, 'grafana').environment?.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH ?? ''
    expect(existsSync(behind('grafana', home))).toBe(true)
    expect(existsSync(behind('grafana', '/etc/grafana/provisioning/datasources/valence.yml'))).toBe(true)
  })
})

test('traces go nowhere unless the environment says where to', () => {
  for (const name of ['processor', 'facade']) {
    expect(serviceNamed(file, name).environment?.OTEL_EXPORTER_OTLP_ENDPOINT).toBe(
      '$' + '{OTEL_EXPORTER_OTLP_ENDPOINT:-}',
    )
  }
  const advice = /OTEL_EXPORTER_OTLP_ENDPOINT=(http:\S+)/.exec(readRepositoryFile('docker-compose.yml'))?.[1] ?? ''
  expectAnswering(advice)
})

describe('the logs', () => {
  const filebeat = read<{
    'filebeat.inputs': { processors: { drop_event?: { when: { not: { equals: { service: string } } } } }[] }[]
    'output.elasticsearch': { hosts: string[]; index: string }
  }>('deploy/elk/filebeat.yml')
  const template = JSON.parse(readRepositoryFile('deploy/elk/index-template.json')) as {
    index_patterns: string[]
    template: { mappings: { properties: Record<string, unknown> } }
  }
  const [view, ...searches] = readRepositoryFile('deploy/elk/saved-view.ndjson')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

  test('come from our own processes, whose fields the template knows', () => {
    const lines: string[] = []
    createLogger('info', { write: (line) => void lines.push(line) }).info('a line')
    const line = JSON.parse(lines[0] ?? '{}') as Record<string, string>
    const dropped = filebeat['filebeat.inputs'][0]?.processors[0]?.drop_event?.when.not.equals
    expect(dropped).toEqual({ service: line.service })
    // Filebeat makes @timestamp of it.
    const { time, ...fields } = line
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    for (const field of Object.keys(fields)) expect(template.template.mappings.properties).toHaveProperty(field)
  })

  test('go into the data stream of the template, which the view shows', () => {
    const { index } = filebeat['output.elasticsearch']
    expect(template.index_patterns).toEqual([`${index}*`])
    expect(view.attributes.title).toBe(`${index}*`)
    for (const { references, attributes } of searches) {
      expect(references[0].id).toBe(view.id)
      expect(JSON.parse(attributes.kibanaSavedObjectMeta.searchSourceJSON).indexRefName).toBe(references[0].name)
      for (const column of attributes.columns) expect(template.template.mappings.properties).toHaveProperty(column)
    }
    expect(searches.length).toBeGreaterThan(0)
  })

  test('the parts find each other, in one version', () => {
    const addresses = [
      ...filebeat['output.elasticsearch'].hosts,
      serviceNamed(file, 'kibana').environment?.ELASTICSEARCH_HOSTS ?? '',
      ...Object.values(serviceNamed(file, 'logs-setup').environment ?? {}),
    ]
    expect(addresses).toHaveLength(4)
    for (const address of addresses) expectAnswering(address)
    const images = ['elasticsearch', 'kibana', 'filebeat', 'logs-setup'].map((name) => serviceNamed(file, name).image)
    expect(new Set(images.map((image) => image.split(':')[1])).size).toBe(1)
    expect(existsSync(behind('filebeat', '/usr/share/filebeat/filebeat.yml'))).toBe(true)
  })

  test('the setup script uses files and variables that it is given', () => {
    const [, path = ''] = serviceNamed(file, 'logs-setup').entrypoint ?? []
    expect(existsSync(behind('logs-setup', path))).toBe(true)
    const script = readRepositoryFile('deploy/elk/setup.sh')
    const variables = [...script.matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name)
    expect(new Set(variables)).toEqual(new Set(Object.keys(serviceNamed(file, 'logs-setup').environment ?? {})))
    for (const [, name = ''] of script.matchAll(/@([\w.-]+\.(?:nd)?json)/g)) {
      expect(existsSync(join(repositoryRoot, 'deploy/elk', name)), name).toBe(true)
    }
  })
})
