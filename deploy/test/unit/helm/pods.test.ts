import { commands } from '@valence/processor/cli/command-table'
import { describe, expect, test } from 'vitest'
import { environments } from '../../support/chart-tools.ts'
import { readRendered, workloadsOf } from '../../support/kubernetes-object.ts'

const serving = new Set(['processor', 'facade', 'lag-service'])

describe.each(environments)('the pods of %s', (environment) => {
  const workloads = workloadsOf(readRendered(environment))
  const containers = workloads.flatMap(({ name, containers: all }) =>
    all.map((container) => ({ name: `${name}/${container.name}`, container })),
  )

  test('there are processors, a facade and a lag service', () => {
    expect(workloads.map(({ role }) => role)).toEqual(expect.arrayContaining([...serving]))
    expect(workloads.filter(({ role }) => role === 'processor').map(({ kind }) => kind)).toEqual(['StatefulSet'])
  })

  // https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
  test.each(workloads)('$name keeps the restricted pod security standard', ({ pod, containers: all }) => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod).not.toHaveProperty(field)
    const allowed = ['emptyDir', 'secret', 'configMap', 'projected', 'persistentVolumeClaim']
    for (const { name, ...source } of pod.volumes) expect(allowed, name).toContain(Object.keys(source)[0])
    for (const { securityContext, ports = [] } of all) {
      expect(securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        capabilities: { drop: ['ALL'] },
      })
      for (const port of ports) expect(port).not.toHaveProperty('hostPort')
    }
  })

  test.each(workloads)('$name holds no token, and no variables that look like settings', ({ pod }) => {
    expect(pod.automountServiceAccountToken).toBe(false)
    expect(pod.enableServiceLinks).toBe(false)
  })

  test.each(containers)('$name runs a command that there is, from an exact image', ({ container }) => {
    expect(container.image).toMatch(/^valence(:\d+\.\d+\.\d+|@sha256:[0-9a-f]{64})$/)
    const words = container.args.filter((word) => !word.startsWith('-')).join(' ')
    const known = commands.map(({ usage }) => usage.replace(/ [<[].*/, ''))
    expect(
      known.some((usage) => words === usage || words.startsWith(`${usage} `)),
      words,
    ).toBe(true)
  })

  test.each(containers)('$name asks for CPU, memory and disk, and is bounded in the last two', ({ container }) => {
    const { requests, limits } = container.resources
    expect(Object.keys(requests)).toEqual(expect.arrayContaining(['cpu', 'memory', 'ephemeral-storage']))
    expect(Object.keys(limits)).toEqual(expect.arrayContaining(['memory', 'ephemeral-storage']))
  })

  test.each(containers)('$name can write to mounted folders only, and mounts what is there', ({ name, container }) => {
    const owner = workloads.find((workload) => name.startsWith(`${workload.name}/`))
    const volumes = owner?.pod.volumes.map((volume) => volume.name) ?? []
    for (const mount of container.volumeMounts) expect(volumes).toContain(mount.name)
    expect(container.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(
      expect.arrayContaining(['/tmp', '/var/lib/valence/models']),
    )
  })
})
