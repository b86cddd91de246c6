import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { environments } from '../../support/chart-tools.ts'
import { readRepositoryFile } from '../../support/repository.ts'

type Values = { [key: string]: unknown }

const read = (name: string) => parse(readRepositoryFile(`deploy/helm/valence/${name}`)) as Values
const schema = JSON.parse(readRepositoryFile('deploy/helm/valence/values.schema.json')) as object
const validate = new Ajv({ strict: false, allErrors: true }).compile(schema)

const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value)

/** As Helm lays the values of an environment over the chart's own. */
function lay(over: Values, under: Values): Values {
  const entries = Object.entries(over).map(([key, value]) => {
    const below = under[key]
    return [key, isMap(value) && isMap(below) ? lay(value, below) : value]
  })
  return { ...under, ...Object.fromEntries(entries) }
}

function complaints(values: Values): string[] {
  validate(values)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

const defaults = read('values.yaml')

test('the values of the chart conform to its schema', () => {
  expect(complaints(defaults)).toEqual([])
})

test.each(environments)('the values for %s conform as well', (environment) => {
  expect(complaints(lay(read(`values-${environment}.yaml`), defaults))).toEqual([])
})

describe('a slip is found', () => {
  test.each<[string, Values]>([
    ['an unknown name', { proccessor: {} }],
    ['an unknown name inside', { processor: { replica: 2 } }],
    ['a setting that the chart sets', { settings: { VALENCE_ADMIN_PORT: '1' } }],
    ['a secret among the settings', { settings: { VALENCE_MODEL_TOKEN: 'x' } }],
    ['a number for a setting', { settings: { VALENCE_INFERENCE_WORKERS: 2 } }],
    ['a variable of something else', { settings: { PATH: '/bin' } }],
    ['a digest that is none', { image: { repository: 'valence', digest: 'sha256:abc' } }],
    ['a way out to everywhere', { network: { egress: { all: { roles: ['facade'], ports: [443], to: [] } } } }],
    ['an ingress without a host', { ingress: { enabled: true, host: '', tlsSecret: '' } }],
    ['a live colour that does not run', { live: 'green' }],
  ])('%s', (_name, values) => {
    expect(complaints(lay(values, defaults)).length).toBeGreaterThan(0)
  })
})

test('every value of the chart has a place in the schema', () => {
  const described = (schema as { properties: Values }).properties
  expect(
    Object.keys(described)
      .filter((name) => name !== 'global')
      .sort(),
  ).toEqual(Object.keys(defaults).sort())
})
