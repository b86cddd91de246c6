import { settings } from '@valence/processor/config/settings'
import { startAdminServer } from '@valence/processor/observability/admin-server'
import { Health } from '@valence/processor/observability/health'
import { createLogger } from '@valence/processor/observability/logger'
import { createMetrics } from '@valence/processor/observability/metrics'
import { describe, expect, onTestFinished, test } from 'vitest'
import { environments } from '../../support/chart-tools.ts'
import { ofKind, readRendered, workloadsOf } from '../../support/kubernetes-object.ts'
import { readRepositoryFile } from '../../support/repository.ts'

async function startAdmin(): Promise<string> {
  const logger = createLogger('silent')
  const options = { host: '127.0.0.1', port: 0, metrics: createMetrics(), health: new Health(), logger }
  const admin = await startAdminServer(options)
  onTestFinished(() => admin.close())
  return `http://127.0.0.1:${admin.port}`
}

describe.each(environments)('in %s', (environment) => {
  const objects = readRendered(environment)
  const serving = workloadsOf(objects).filter(({ kind }) => kind === 'StatefulSet' || kind === 'Deployment')

  test.each(serving)('$name is probed on routes that its admin port has', async ({ containers }) => {
    const url = await startAdmin()
    for (const { startupProbe, livenessProbe, readinessProbe } of containers) {
      expect([livenessProbe?.httpGet.path, readinessProbe?.httpGet.path]).toEqual(['/livez', '/readyz'])
      for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
        expect(probe?.httpGet.port).toBe('admin')
        expect((await fetch(`${url}${probe?.httpGet.path}`)).status, probe?.httpGet.path).toBe(200)
      }
    }
  })

  test.each(serving)('$name listens where its ports say', ({ containers }) => {
    const ports = Object.fromEntries(
      containers.flatMap(({ ports: all = [] }) => all.map(({ name, containerPort }) => [name, containerPort])),
    )
    expect(ports.admin).toBe(Number(settings.VALENCE_ADMIN_PORT.fallback))
    if ('http' in ports) expect(ports.http).toBe(Number(settings.VALENCE_HTTP_PORT.fallback))
  })

  test('metrics are where the monitor looks for them', async () => {
    const url = await startAdmin()
    for (const { spec } of ofKind(objects, 'ServiceMonitor')) {
      expect((await fetch(`${url}${spec.endpoints[0].path}`)).status).toBe(200)
    }
  })

  test('KEDA asks the route and the field that the lag service answers with', () => {
    for (const { spec } of ofKind(objects, 'ScaledObject')) {
      const [lag, ...fallback] = spec.triggers as { type: string; metadata: Record<string, string> }[]
      expect(lag?.type).toBe('metrics-api')
      const url = new URL(lag?.metadata.url ?? '')
      expect(ofKind(objects, 'Service').map(({ metadata }) => `${metadata.name}.valence-${environment}.svc`)).toContain(
        url.hostname,
      )
      expect(readRepositoryFile('processor/src/services/lag-service.ts')).toContain(`admin.get('${url.pathname}'`)
      expect(readRepositoryFile('processor/src/scaling/scaler.ts')).toContain(
        `readonly ${lag?.metadata.valueLocation}:`,
      )
      expect(fallback.map(({ type, metadata }) => [type, metadata.topic])).toEqual([['kafka', 'sentiment.texts.v1']])
      expect(spec.fallback.behavior).toBe('currentReplicas')
    }
  })
})
