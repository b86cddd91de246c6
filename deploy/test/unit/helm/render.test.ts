import { readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { environments, helm, kubeconform, lint, schemaFolder, template, validate } from '../../support/chart-tools.ts'
import { ofKind, parseObjects, workloadsOf } from '../../support/kubernetes-object.ts'
import { readRepositoryFile, repositoryRoot } from '../../support/repository.ts'

// Dashboards and rules are files of deploy/grafana and deploy/prometheus, too long to be kept twice.
const withoutFiles = ['monitoring.dashboards=false', 'monitoring.rules=false']

async function validateText(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'valence-chart-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'rendered.yaml')
  await writeFile(path, text)
  return validate(path)
}

describe.skipIf(helm === undefined)('with helm on the PATH, or named by VALENCE_HELM', { timeout: 30_000 }, () => {
  test.each(environments)('the values for %s pass lint --strict', async (environment) => {
    expect(await lint(environment)).toContain('1 chart(s) linted, 0 chart(s) failed')
  })

  test.each(environments)('deploy/helm/rendered/%s.yaml is what the chart renders', async (environment) => {
    const rendered = await template(environment, ...withoutFiles)
    await expect(rendered).toMatchFileSnapshot(`../../../helm/rendered/${environment}.yaml`)
  })

  test('a second colour shares group, accounts and lag service, and is not scaled', async () => {
    const both = ['colors.green.enabled=true', 'colors.green.image.tag=9.9.9', 'colors.green.facadeMin=5']
    const objects = parseObjects(await template('production', ...withoutFiles, ...both))
    const processors = workloadsOf(objects).filter(({ role }) => role === 'processor')
    expect(processors.map(({ labels }) => labels.color)).toEqual(['blue', 'green'])
    expect(processors.map(({ containers }) => containers[0]?.image)).toEqual(['valence:0.1.0', 'valence:9.9.9'])
    expect(new Set(processors.map(({ pod }) => pod.serviceAccountName)).size).toBe(1)
    const [blue, green] = processors.map(({ containers }) => containers[0]?.env)
    expect(green).toEqual(blue)
    expect(workloadsOf(objects).filter(({ role }) => role === 'lag-service')).toHaveLength(1)
    const paused = ofKind(objects, 'ScaledObject').map(
      ({ metadata }) => metadata.annotations?.['autoscaling.keda.sh/paused-replicas'],
    )
    expect(paused).toEqual([undefined, '2'])
    expect(ofKind(objects, 'HorizontalPodAutoscaler').map(({ spec }) => spec.minReplicas)).toEqual([2, 5])
  })

  test('the facade goes to the live colour, and each colour can be reached alone', async () => {
    const objects = parseObjects(
      await template('production', ...withoutFiles, 'colors.green.enabled=true', 'live=green'),
    )
    const selected = Object.fromEntries(
      ofKind(objects, 'Service').map(({ metadata, spec }) => [metadata.name, spec.selector.color as unknown]),
    )
    expect(selected).toMatchObject({
      'valence-facade': 'green',
      'valence-blue-facade': 'blue',
      'valence-green-facade': 'green',
      'valence-facade-admin': undefined,
    })
  })

  test('alerts are those of deploy/prometheus', async () => {
    const objects = parseObjects(await template('production'))
    const groups = ofKind(objects, 'PrometheusRule').flatMap(({ spec }) => spec.groups as { name: string }[])
    const files = readdirSync(join(repositoryRoot, 'deploy/prometheus/rules'))
    const written = files.flatMap((name) => parse(readRepositoryFile(`deploy/prometheus/rules/${name}`)).groups)
    expect(groups.length).toBeGreaterThan(0)
    expect(groups).toEqual(written)
  })

  test.each([
    ['a live colour that does not run', 'live=green', '/colors/green/enabled'],
    ['a setting that the chart sets', 'settings.VALENCE_HTTP_PORT=x', 'VALENCE_HTTP_PORT'],
    ['a secret in plain sight', 'settings.VALENCE_KAFKA_SASL_PASSWORD=x', 'VALENCE_KAFKA_SASL_PASSWORD'],
    ['a name that is no value', 'proccessor.replicas=2', 'proccessor'],
    ['an ingress without TLS', 'ingress.enabled=true', '/ingress'],
    ['scaling without who decides', 'lagService.enabled=false', '/lagService/enabled'],
  ])('%s is refused', async (_name, value, complaint) => {
    await expect(template('production', value)).rejects.toThrow(complaint)
  })
})

const canValidate = helm !== undefined && kubeconform !== undefined && schemaFolder !== undefined
describe.skipIf(!canValidate)('with kubeconform and VALENCE_KUBERNETES_SCHEMAS too', { timeout: 30_000 }, () => {
  test.each([...environments])('%s conforms to Kubernetes and the operators', async (environment) => {
    const summary = await validateText(await template(environment))
    expect(summary).toMatch(/Valid: [1-9]\d*, Invalid: 0, Errors: 0, Skipped: 0/)
  })

  test('two colours conform as well', async () => {
    const summary = await validateText(await template('production', 'colors.green.enabled=true', 'live=green'))
    expect(summary).toMatch(/Valid: [1-9]\d*, Invalid: 0, Errors: 0, Skipped: 0/)
  })

  test('a slip in a resource of Kubernetes or of any operator is found', async () => {
    const slips = [
      ['Deployment', 'terminationGracePeriodSeconds:', 'terminationGraceSeconds:'],
      ['ScaledObject', 'failureThreshold: 3\n    replicas', 'failureTreshold: 3\n    replicas'],
      ['Certificate', 'renewBefore:', 'renewBfore:'],
      ['ServiceMonitor', 'podTargetLabels:', 'podTargetLabel:'],
      ['ExternalSecret', 'secretStoreRef:', 'storeRef:'],
      ['KafkaUser', 'type: tls-external', 'type: tls-extern'],
    ] as const
    let text = await template('production')
    for (const [, right, wrong] of slips) {
      expect(text).toContain(right)
      text = text.replace(right, wrong)
    }
    const stdout = await validateText(text).catch((error: { stdout: string }) => error.stdout)
    for (const [kind] of slips) expect(stdout).toMatch(new RegExp(`${kind} \\S+ is invalid`))
    expect(stdout).toContain(`Invalid: ${slips.length}, Errors: 0`)
  })
})
