import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { environments } from '../../support/chart-tools.ts'
import { readRepositoryFile } from '../../support/repository.ts'

test.each(environments)('the namespace of %s refuses pods that are not restricted', (environment) => {
  const namespace = parse(readRepositoryFile(`deploy/helm/namespaces/${environment}.yaml`))
  expect(namespace).toMatchObject({ kind: 'Namespace', metadata: { name: `valence-${environment}` } })
  expect(namespace.metadata.labels).toMatchObject({
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': 'v1.33',
  })
})
