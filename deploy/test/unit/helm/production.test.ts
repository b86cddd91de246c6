import { expect, test } from 'vitest'
import { ofKind, readRendered, workloadsOf } from '../../support/kubernetes-object.ts'
import { readRepositoryFile } from '../../support/repository.ts'

const production = readRendered('production')
const staging = readRendered('staging')

test('the facade is scaled from 2 to 10 by CPU at 70 % and memory at 80 %', () => {
  const [scaler, ...others] = ofKind(production, 'HorizontalPodAutoscaler')
  expect(others).toEqual([])
  expect(scaler?.spec).toMatchObject({ minReplicas: 2, maxReplicas: 10 })
  const targets = scaler?.spec.metrics.map(
    ({ resource }: { resource: { name: string; target: { averageUtilization: number } } }) => [
      resource.name,
      resource.target.averageUtilization,
    ],
  )
  expect(targets).toEqual([
    ['cpu', 70],
    ['memory', 80],
  ])
})

test('no more processors than partitions, and the topics keep two copies of three', () => {
  const [scaled] = ofKind(production, 'ScaledObject')
  const topics = ofKind(production, 'KafkaTopic')
  expect(topics.map(({ metadata }) => metadata.name)).toEqual([
    'sentiment.texts.v1',
    'sentiment.scores.v1',
    'sentiment.dead-letters.v1',
  ])
  for (const { spec } of topics) {
    expect(spec.partitions).toBeGreaterThanOrEqual(scaled?.spec.maxReplicaCount)
    expect([spec.replicas, spec.config['min.insync.replicas']]).toEqual([3, 2])
  }
})

const names: Readonly<Record<string, string>> = {
  VALENCE_INPUT_TOPICS: 'sentiment.texts.v1',
  VALENCE_OUTPUT_TOPIC: 'sentiment.scores.v1',
  VALENCE_DEAD_LETTER_TOPIC: 'sentiment.dead-letters.v1',
  VALENCE_KAFKA_GROUP_ID: 'valence',
}

/** Rows of the table of ACLs whose role begins so, as `Read topic sentiment.texts.v1 literal`. */
function documentedRules(role: string): string[] {
  return readRepositoryFile('docs/security.md')
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, first = '']) => first.startsWith(role))
    .map(([, , operation, resource = '']) => {
      const [, type = '', setting = '', rest = ''] =
        /^(topic|group|transactional id) ([A-Z_]+)(.*)$/.exec(resource) ?? []
      const isPrefix = rest.endsWith('…')
      const kind = type === 'transactional id' ? 'transactionalId' : type
      return `${operation} ${kind} ${names[setting]}${rest.replace('…', '')} ${isPrefix ? 'prefix' : 'literal'}`
    })
}

test.each(['processor', 'facade'])('the Kafka user of the %s has the documented rights and no others', (role) => {
  const user = ofKind(production, 'KafkaUser').find(({ metadata }) => metadata.name === `valence-${role}`)
  const rules = user?.spec.authorization.acls.flatMap(
    (rule: { resource: { type: string; name: string; patternType: string }; operations: string[] }) =>
      rule.operations.map((operation) => Object.values({ operation, ...rule.resource }).join(' ')),
  )
  expect(documentedRules(role).length).toBeGreaterThan(2)
  expect(rules.sort()).toEqual(documentedRules(role).sort())
})

test('a Kafka user is whom the certificate of its role names', () => {
  const issued = ofKind(production, 'Certificate').map(({ spec }) => spec.commonName as string | undefined)
  for (const { metadata, spec } of ofKind(production, 'KafkaUser')) {
    expect(spec.authentication.type).toBe('tls-external')
    expect(issued).toContain(metadata.name)
  }
})

test('files are scored at night, and a backup is made every four minutes', () => {
  const schedules = ofKind(production, 'CronJob').map(({ metadata, spec }) => [metadata.name, spec.schedule])
  expect(Object.fromEntries(schedules)).toEqual({ 'valence-bulk': '0 2 * * *', 'valence-backup': '*/4 * * * *' })
  for (const { spec } of ofKind(production, 'CronJob')) expect(spec.concurrencyPolicy).toBe('Forbid')
})

test('facades and processors are spread over zones', () => {
  for (const { pod } of workloadsOf(production).filter(({ role }) => role === 'facade' || role === 'processor')) {
    const keys = pod.topologySpreadConstraints?.map(({ topologyKey }) => topologyKey)
    expect(keys).toEqual(['kubernetes.io/hostname', 'topology.kubernetes.io/zone'])
  }
})

test('only processors go to nodes that may be taken away', () => {
  const onSpot = workloadsOf(production).filter(({ pod }) => pod.tolerations?.some(({ key }) => key === 'spot'))
  expect(onSpot.map(({ role }) => role)).toEqual(['processor'])
})

test('an external load balancer leads to the facade, over TLS', () => {
  const [balancer, ...others] = ofKind(production, 'Service').filter(({ spec }) => spec.type === 'LoadBalancer')
  expect(others).toEqual([])
  expect(balancer?.metadata.name).toBe('valence-facade')
  const facade = workloadsOf(production).find(({ role }) => role === 'facade')
  expect(facade?.containers[0]?.env.map(({ name }) => name)).toContain('VALENCE_HTTP_TLS_CERT_FILE')
})

test('the ingress of staging has TLS, a rate limit and the body limit of the facade', () => {
  const [ingress] = ofKind(staging, 'Ingress')
  expect(ingress?.spec.tls[0].hosts).toEqual([ingress?.spec.rules[0].host])
  const facade = workloadsOf(staging).find(({ role }) => role === 'facade')
  const limit = facade?.containers[0]?.env.find(({ name }) => name === 'VALENCE_HTTP_MAX_BODY_BYTES')?.value
  expect(ingress?.metadata.annotations).toMatchObject({
    'nginx.ingress.kubernetes.io/proxy-body-size': limit,
    'nginx.ingress.kubernetes.io/limit-rps': '100',
    'nginx.ingress.kubernetes.io/backend-protocol': 'HTTPS',
    'nginx.ingress.kubernetes.io/proxy-ssl-verify': 'on',
  })
})

test('staging runs two of each', () => {
  expect(ofKind(staging, 'ScaledObject')[0]?.spec.minReplicaCount).toBe(2)
  expect(ofKind(staging, 'HorizontalPodAutoscaler')[0]?.spec.minReplicas).toBe(2)
})
