import { describe, expect, test } from 'vitest'
import { environments } from '../../support/chart-tools.ts'
import { ofKind, readRendered, selects, type Workload, workloadsOf } from '../../support/kubernetes-object.ts'

interface Port {
  readonly protocol: string
  readonly port: number
}

interface Rule {
  readonly to?: readonly unknown[]
  readonly from?: readonly unknown[]
  readonly ports: readonly Port[]
}

describe.each(environments)('the network of %s', (environment) => {
  const objects = readRendered(environment)
  const workloads = workloadsOf(objects)
  const policies = ofKind(objects, 'NetworkPolicy')

  function rulesFor({ labels }: Workload, way: 'ingress' | 'egress'): Rule[] {
    return policies
      .filter(({ spec }) => selects(spec.podSelector, labels))
      .flatMap(({ spec }) => (spec[way] as Rule[] | undefined) ?? [])
  }

  test('what is not allowed is denied, to and from every pod', () => {
    const denial = policies.find(({ metadata }) => metadata.name === 'valence-deny')
    expect(denial?.spec.policyTypes).toEqual(['Ingress', 'Egress'])
    expect(denial?.spec).not.toHaveProperty('ingress')
    expect(denial?.spec).not.toHaveProperty('egress')
    for (const { name, labels } of workloads) expect(selects(denial?.spec.podSelector, labels), name).toBe(true)
  })

  test('every way out is named: where to, and by which port', () => {
    const names = policies.map(({ metadata }) => /-to-(.+)$/.exec(metadata.name)?.[1]).filter(Boolean)
    const known = ['dns', 'kafka', 'login', 'redis', 'registry', ...(environment === 'production' ? ['s3'] : [])]
    expect(names.sort()).toEqual(environment === 'dev' ? ['dns', 'kafka'] : known)
    for (const { metadata, spec } of policies) {
      for (const rule of (spec.egress as Rule[] | undefined) ?? []) {
        expect(rule.to?.length, metadata.name).toBeGreaterThan(0)
        expect(rule.ports.length, metadata.name).toBeGreaterThan(0)
        expect(JSON.stringify(rule.to)).not.toMatch(/\/0"|\{\}\}/)
      }
    }
  })

  test.each(workloads)('$name reaches what its settings point at, and no other port', (workload) => {
    const values = workload.containers.flatMap(({ env }) => env)
    const given = (name: string) => values.find((variable) => variable.name === name)?.value
    const needed = [53, Number(given('VALENCE_KAFKA_BROKERS')?.split(':').at(-1))]
    const registry = given('VALENCE_SCHEMA_REGISTRY_URL')
    if (registry !== undefined && workload.role !== 'lag-service') needed.push(Number(new URL(registry).port))
    if (values.some(({ name }) => name === 'VALENCE_REDIS_URL')) needed.push(6379)
    if (given('VALENCE_AUTH_JWKS_URL') !== undefined) needed.push(443)
    if (values.some(({ name }) => name === 'AWS_ACCESS_KEY_ID')) needed.push(443)
    const allowed = rulesFor(workload, 'egress').flatMap(({ ports }) => ports.map(({ port }) => port))
    expect([...new Set(allowed)].sort()).toEqual([...new Set(needed)].sort())
  })

  test('only the facade is open to callers; metrics and /scaling to those who read them', () => {
    for (const workload of workloads) {
      const rules = rulesFor(workload, 'ingress')
      const ports = [...new Set(rules.flatMap((rule) => rule.ports.map(({ port }) => port)))].sort()
      const serves = workload.kind !== 'Job' && workload.kind !== 'CronJob'
      expect(ports, workload.name).toEqual(serves ? [...(workload.role === 'facade' ? [8080] : []), 9464] : [])
      for (const rule of rules) expect(rule.from?.length, workload.name).toBeGreaterThan(0)
    }
  })

  test('whoever scales reaches the lag service', () => {
    const scaler = policies.find(({ metadata }) => metadata.name === 'valence-from-scaler')
    expect(scaler === undefined).toBe(ofKind(objects, 'ScaledObject').length === 0)
  })
})
