import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { resolveModel } from '../../../src/model/model-location.ts'

const packaged = fileURLToPath(new URL('../../../model', import.meta.url))

test('the packaged models have names', () => {
  expect(resolveModel(undefined)).toBe(packaged)
  expect(resolveModel('')).toBe(packaged)
  expect(resolveModel('default')).toBe(packaged)
  expect(resolveModel('fast')).toBe(join(packaged, 'fast'))
})

test('a folder is taken as it is, relative to where the process runs', () => {
  expect(resolveModel('/models/mine')).toBe('/models/mine')
  expect(resolveModel('models/mine')).toBe(resolve('models/mine'))
  expect(resolveModel('constructor')).toBe(resolve('constructor'))
})

test('a file: URI names the folder or its manifest', () => {
  const folder = resolve('/models/with a space')
  expect(resolveModel(pathToFileURL(folder).href)).toBe(folder)
  expect(resolveModel(pathToFileURL(join(folder, 'model.json')).href)).toBe(folder)
})

test.each(['https://example.com/model.json', 's3://bucket/model.json', 'file://other-host/model'])(
  'what cannot be loaded says so: %s',
  (uri) => {
    expect(() => resolveModel(uri)).toThrow(expect.objectContaining({ code: 'VAL_MODEL_MISSING' }))
  },
)
