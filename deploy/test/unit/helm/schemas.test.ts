import { expect, test } from 'vitest'
import { convertDefinitions, convertKubernetes, readKubernetes, tighten } from '../../../helm/schemas/convert.ts'

const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta'
const document = JSON.stringify({
  definitions: {
    [meta]: { type: 'object', properties: { name: { type: 'string' } } },
    'io.k8s.Pod': {
      type: 'object',
      properties: { metadata: { $ref: `#/definitions/${meta}` } },
      'x-kubernetes-group-version-kind': [{ group: '', version: 'v1', kind: 'Pod' }],
    },
    'io.k8s.Job': {
      type: 'object',
      properties: { pod: { $ref: '#/definitions/io.k8s.Pod' } },
      'x-kubernetes-group-version-kind': [{ group: 'batch', version: 'v1', kind: 'Job' }],
    },
  },
})

test('what is not named is refused, unless the schema lets it pass', () => {
  expect(tighten({ properties: { a: { properties: {} } } })).toEqual({
    additionalProperties: false,
    properties: { a: { additionalProperties: false, properties: {} } },
  })
  const map = { properties: {}, additionalProperties: { type: 'string' } }
  expect(tighten(map)).toEqual(map)
  const loose = { properties: {}, 'x-kubernetes-preserve-unknown-fields': true }
  expect(tighten(loose)).toEqual(loose)
})

test('a property may be called properties', () => {
  expect(tighten({ properties: { properties: { type: 'string' } } })).toEqual({
    additionalProperties: false,
    properties: { properties: { type: 'string' } },
  })
})

test('an integer or a string is both', () => {
  const tight = tighten({ anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true })
  expect(tight.type).toEqual(['string', 'integer'])
  expect(tight).not.toHaveProperty('anyOf')
  expect(tighten({ type: 'string', format: 'int-or-string' })).toEqual({ type: ['string', 'integer'] })
})

test('each kind has a file with all that it needs, the core group under its version', () => {
  const files = convertKubernetes(readKubernetes(document))
  expect(files.map(({ path }) => path)).toEqual(['v1/pod_v1.json', 'batch/job_v1.json'])
  expect(Object.keys(files[0]?.schema.definitions as object)).toEqual(['io.k8s.Pod', meta])
  expect(Object.keys(files[1]?.schema.definitions as object)).toEqual(['io.k8s.Job', 'io.k8s.Pod', meta])
})

test('each version of a definition has a file; its metadata is that of Kubernetes', () => {
  const definition = `
kind: CustomResourceDefinition
spec:
  group: keda.sh
  names: { kind: ScaledObject }
  versions:
    - { name: v1, schema: { openAPIV3Schema: { type: object, properties: { metadata: { type: object } } } } }
    - { name: v2, schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object } } } } }
---
kind: Namespace
`
  const files = convertDefinitions(definition, readKubernetes(document))
  expect(files.map(({ path }) => path)).toEqual(['keda.sh/scaledobject_v1.json', 'keda.sh/scaledobject_v2.json'])
  expect(files[0]?.schema.properties).toMatchObject({ metadata: { $ref: `#/definitions/${meta}` } })
  expect(Object.keys(files[0]?.schema.definitions as object)).toEqual([meta])
})
