import { readFile } from 'node:fs/promises'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { manifestJsonSchema } from '../../../src/model/manifest.ts'

const folder = new URL('../../../model/', import.meta.url)

test('the packaged manifest and the tiny one match it, a spoilt one does not', async () => {
  const validate = new Ajv2020({ strict: false }).compile(manifestJsonSchema())
  const packaged = JSON.parse(await readFile(new URL('model.json', folder), 'utf8'))
  expect([validate(packaged), validate.errors]).toEqual([true, null])
  const tiny = await writeTinyModel((manifest) => (manifest.files.model.path = '../model.onnx'))
  await tiny.remove()
  expect(validate(tiny.manifest)).toBe(false)
  expect(validate.errors?.[0]?.instancePath).toBe('/files/model/path')
})
