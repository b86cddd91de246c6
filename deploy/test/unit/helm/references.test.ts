import { describe, expect, test } from 'vitest'
import { environments } from '../../support/chart-tools.ts'
import { type KubernetesObject, ofKind, readRendered, selects, workloadsOf } from '../../support/kubernetes-object.ts'

/** Secrets that the release makes, with their keys. */
function secretsMade(objects: readonly KubernetesObject[]): Map<string, readonly string[]> {
  const fromVault = ofKind(objects, 'ExternalSecret').map(
    ({ spec }) => [spec.target.name, spec.data.map((entry: { secretKey: string }) => entry.secretKey)] as const,
  )
  const certificates = ofKind(objects, 'Certificate').map(
    ({ spec }) => [spec.secretName, ['tls.crt', 'tls.key', 'ca.crt']] as const,
  )
  return new Map([...fromVault, ...certificates])
}

interface SecretUse {
  readonly by: string
  readonly secret: string
  /** Undefined: the whole secret. */
  readonly key?: string
}

function usesOfPods(objects: readonly KubernetesObject[]): SecretUse[] {
  return workloadsOf(objects).flatMap(({ name: by, pod, containers }) => [
    ...containers.flatMap(({ env }) =>
      env.flatMap(({ valueFrom }) => {
        const reference = valueFrom?.secretKeyRef
        return reference === undefined ? [] : [{ by, secret: reference.name, key: reference.key }]
      }),
    ),
    ...containers.flatMap(({ env }) =>
      env.flatMap(({ value = '' }) => {
        const [, secret, key] = /^\/etc\/valence\/([^/]+)\/(.+)$/.exec(value) ?? []
        return secret === undefined || key === undefined ? [] : [{ by, secret, key }]
      }),
    ),
    ...pod.volumes.flatMap(({ secret }) =>
      secret === undefined ? [] : [{ by, secret: (secret as { secretName: string }).secretName }],
    ),
  ])
}

function usesOfOthers(objects: readonly KubernetesObject[]): SecretUse[] {
  const authentication = ofKind(objects, 'TriggerAuthentication').flatMap(({ metadata, spec }) =>
    spec.secretTargetRef.map(({ name, key }: { name: string; key: string }) => ({
      by: metadata.name,
      secret: name,
      key,
    })),
  )
  const ingress = ofKind(objects, 'Ingress').flatMap(({ metadata, spec }) => {
    const shown = metadata.annotations?.['nginx.ingress.kubernetes.io/proxy-ssl-secret']?.split('/')[1]
    const tls = spec.tls.map(({ secretName }: { secretName: string }) => secretName)
    return [...tls, ...(shown === undefined ? [] : [shown])].map((secret) => ({ by: metadata.name, secret }))
  })
  const alerts = ofKind(objects, 'AlertmanagerConfig').flatMap(({ metadata, spec }) =>
    spec.receivers.flatMap(({ webhookConfigs }: { webhookConfigs: { urlSecret: { name: string; key: string } }[] }) =>
      webhookConfigs.map(({ urlSecret }) => ({ by: metadata.name, secret: urlSecret.name, key: urlSecret.key })),
    ),
  )
  return [...authentication, ...ingress, ...alerts]
}

describe.each(environments)('in %s', (environment) => {
  const objects = readRendered(environment)
  const workloads = workloadsOf(objects)

  test('every secret that is used is made, with the key', () => {
    const made = secretsMade(objects)
    const uses = [...usesOfPods(objects), ...usesOfOthers(objects)]
    expect(uses.length > 0).toBe(environment !== 'dev')
    for (const { by, secret, key } of uses) {
      expect([...made.keys()], by).toContain(secret)
      if (key !== undefined) expect(made.get(secret), `${by}: ${secret}`).toContain(key)
    }
    const used = new Set(uses.map(({ secret }) => secret))
    expect(
      [...made.keys()].filter((secret) => !used.has(secret)),
      'made for nobody',
    ).toEqual([])
  })

  test('nothing is named twice', () => {
    const names = objects.map(({ apiVersion, kind, metadata }) => `${apiVersion} ${kind} ${metadata.name}`)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  test('every service leads to a port of pods that there are', () => {
    for (const { metadata, spec } of ofKind(objects, 'Service')) {
      const pods = workloads.filter(({ labels }) => selects({ matchLabels: spec.selector }, labels))
      expect(pods.length, metadata.name).toBeGreaterThan(0)
      for (const { targetPort } of spec.ports as { targetPort: string }[]) {
        for (const { containers } of pods) {
          expect(containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name))).toContain(targetPort)
        }
      }
    }
  })

  test('every disruption budget and autoscaler is of one workload', () => {
    for (const { metadata, spec } of ofKind(objects, 'PodDisruptionBudget')) {
      expect(workloads.filter(({ labels }) => selects(spec.selector, labels)).length, metadata.name).toBe(1)
      expect(spec).not.toHaveProperty('minAvailable')
    }
    for (const { spec } of [...ofKind(objects, 'HorizontalPodAutoscaler'), ...ofKind(objects, 'ScaledObject')]) {
      const { kind, name } = spec.scaleTargetRef as { kind: string; name: string }
      const [target] = objects.filter((object) => object.kind === kind && object.metadata.name === name)
      expect(target?.spec, 'the autoscaler sets the count').not.toHaveProperty('replicas')
    }
    expect(ofKind(objects, 'PodDisruptionBudget')).toHaveLength(2)
  })

  test('every role has an account of its own, without rights', () => {
    const accounts = ofKind(objects, 'ServiceAccount')
    for (const { automountServiceAccountToken } of accounts) expect(automountServiceAccountToken).toBe(false)
    const names = accounts.map(({ metadata }) => metadata.name)
    for (const { role, pod } of workloads) expect(pod.serviceAccountName).toBe(`valence-${role}`)
    for (const { pod } of workloads) expect(names).toContain(pod.serviceAccountName)
    expect(objects.filter(({ kind }) => /Role/.test(kind))).toEqual([])
  })

  test('priorities are of classes that there are', () => {
    const classes = ofKind(objects, 'PriorityClass').map(({ metadata }) => metadata.name)
    for (const { pod } of workloads) if (pod.priorityClassName) expect(classes).toContain(pod.priorityClassName)
  })

  test('metrics are taken from every role that serves, and the admin port is not shown to callers', () => {
    for (const { spec } of ofKind(objects, 'ServiceMonitor')) {
      const services = ofKind(objects, 'Service').filter(({ metadata }) => selects(spec.selector, metadata.labels))
      expect(services.map(({ metadata }) => metadata.name).sort()).toEqual([
        'valence-facade-admin',
        'valence-lag-service',
        'valence-processor',
      ])
      for (const service of services) {
        expect(service.spec.ports.map(({ name }: { name: string }) => name)).toContain(spec.endpoints[0].port)
      }
    }
    const callers = ofKind(objects, 'Service').filter(({ metadata }) => /-facade$/.test(metadata.name))
    for (const { spec } of callers) expect(spec.ports).toEqual([expect.objectContaining({ targetPort: 'http' })])
  })
})
