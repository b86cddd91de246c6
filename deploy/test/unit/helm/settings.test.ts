import { readConfig } from '@valence/processor/config/config'
import { settings } from '@valence/processor/config/settings'
import { describe, expect, test } from 'vitest'
import { environments } from '../../support/chart-tools.ts'
import { finalStage, readDockerfile } from '../../support/dockerfile.ts'
import { type EnvironmentVariable, ofKind, readRendered, workloadsOf } from '../../support/kubernetes-object.ts'
import { readRepositoryFile } from '../../support/repository.ts'

const inImage = Object.fromEntries(
  (finalStage(readDockerfile()).instructions.find(({ keyword }) => keyword === 'ENV')?.arguments ?? []).map(
    (pair) => pair.split('=', 2) as [string, string],
  ),
)

/** What a cluster would fill in. */
const filledIn: Readonly<Record<string, string>> = {
  VALENCE_REDIS_URL: 'rediss://:password@redis:6380',
  VALENCE_KAFKA_INSTANCE_ID: 'valence-blue-processor-0',
  VALENCE_INFERENCE_WORKERS: '2',
}

function environmentOf(variables: readonly EnvironmentVariable[]): Record<string, string> {
  return Object.fromEntries(variables.map(({ name, value }) => [name, value ?? filledIn[name] ?? 'unknown']))
}

describe.each(environments)('the settings of %s', (environment) => {
  const objects = readRendered(environment)
  const workloads = workloadsOf(objects)
  const containers = workloads.flatMap(({ name, role, pod, containers: all }) =>
    all.map((container) => ({ name: `${name}/${container.name}`, role, pod, container })),
  )

  test.each(containers)('$name gets names that are known, each once, with values that are read', ({ container }) => {
    const names = container.env.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    expect(() => readConfig({ ...inImage, ...environmentOf(container.env) })).not.toThrow()
  })

  test.each(containers)('$name has files for the settings that name one', ({ container }) => {
    const folders = container.volumeMounts.map(({ mountPath }) => `${mountPath}/`)
    const files = container.env.filter(({ name }) => /_FILE$|^NODE_EXTRA_CA_CERTS$/.test(name))
    for (const { name, value = '' } of files) {
      expect(
        folders.some((folder) => value.startsWith(folder)),
        `${name}=${value}`,
      ).toBe(true)
    }
  })

  test.each(containers)('$name has its secrets from secrets', ({ container }) => {
    for (const { name, value } of container.env) {
      const isSecret = 'secret' in ((settings as Record<string, object>)[name] ?? {})
      if (isSecret) expect(value, name).toBeUndefined()
      expect(value ?? '', name).not.toMatch(/:\/\/[^/]*:[^/]*@/)
    }
  })

  test.each(containers)('$name is given longer than it takes to stop', ({ pod, container }) => {
    const { shutdownTimeoutMs } = readConfig({ ...inImage, ...environmentOf(container.env) })
    const before = container.lifecycle?.preStop.sleep.seconds ?? 0
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(before + shutdownTimeoutMs / 1_000 + 5)
  })

  test('a processor is named after its pod, and has as many workers as it asked for CPUs', () => {
    for (const { container } of containers.filter(({ role }) => role === 'processor')) {
      const byName = Object.fromEntries(container.env.map(({ name, valueFrom }) => [name, valueFrom]))
      expect(byName.VALENCE_KAFKA_INSTANCE_ID).toEqual({ fieldRef: { fieldPath: 'metadata.name' } })
      expect(byName.VALENCE_INFERENCE_WORKERS).toMatchObject({
        resourceFieldRef: { containerName: container.name, resource: 'requests.cpu' },
      })
    }
  })

  test('the lag service and KEDA know the same bounds', () => {
    const lag = containers.find(({ role }) => role === 'lag-service')
    const { scalingMinReplicas, scalingMaxReplicas } = readConfig({
      ...inImage,
      ...environmentOf(lag?.container.env ?? []),
    })
    for (const { spec } of ofKind(objects, 'ScaledObject')) {
      expect([spec.minReplicaCount, spec.maxReplicaCount]).toEqual([scalingMinReplicas, scalingMaxReplicas])
    }
  })

  test('callers of the facade are authenticated, unless only pods of a laptop reach it', () => {
    const facade = containers.find(({ role }) => role === 'facade')
    const { authMode } = readConfig({ ...inImage, ...environmentOf(facade?.container.env ?? []) })
    expect(authMode).toBe(environment === 'dev' ? 'none' : 'jwt')
  })
})

test('the schema of the values refuses what the chart sets itself, and every secret setting', () => {
  const schema = JSON.parse(readRepositoryFile('deploy/helm/valence/values.schema.json'))
  const refused = schema.definitions.settings.propertyNames.not.enum as string[]
  for (const name of refused) expect(Object.keys(settings)).toContain(name)
  const secrets = Object.entries(settings).filter(([, setting]) => 'secret' in setting)
  expect(refused).toEqual(expect.arrayContaining(secrets.map(([name]) => name)))
  const own =
    readRepositoryFile('deploy/helm/valence/templates/_environment.tpl').match(/^VALENCE_[A-Z_]+(?=:)/gm) ?? []
  expect(own.length).toBeGreaterThan(5)
  expect(refused).toEqual(expect.arrayContaining(own.filter((name) => !/_FILE$/.test(name))))
})
