import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SupplyBench } from '@valence/testing/models/supply-bench'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { locateModel, resolveModel } from '../../../src/model/model-location.ts'

let bench: SupplyBench
beforeEach(async () => {
  bench = await SupplyBench.open()
})
afterEach(() => bench.close())

const locate = (name: string, environment: Record<string, string> = {}) => locateModel(name, bench.config(environment))

describe('a model is found', () => {
  test('in the package, whatever is allowed elsewhere', async () => {
    expect(await locate('default', { VALENCE_MODEL_PATH_ALLOW: '/nowhere' })).toBe(resolveModel('default'))
  })

  test('in a folder, in place', async () => {
    expect(await locate(bench.model.folder)).toBe(bench.model.folder)
  })

  test('behind a URI, in the store', async () => {
    const folder = await locate(bench.registry.uri)
    expect(folder.startsWith(bench.store.folder)).toBe(true)
    expect(await locate(pathToFileURL(bench.model.folder).href)).toBe(folder)
  })

  test('in the store by its name and version', async () => {
    const folder = await locate(bench.registry.uri)
    expect([await locate('tiny'), await locate('tiny@1.2.3')]).toEqual([folder, folder])
  })
})

describe('a model is not found', () => {
  test.each(['tiny', 'tiny@9', './nothing', '/nowhere/at/all'])('under %s', async (name) => {
    await expect(locate(name)).rejects.toMatchObject({ code: 'VAL_MODEL_MISSING' })
  })

  test('in a folder outside the allowed ones', async () => {
    await expect(locate(bench.model.folder, { VALENCE_MODEL_PATH_ALLOW: '/srv/models' })).rejects.toMatchObject({
      code: 'VAL_MODEL_URI_REFUSED',
    })
  })

  test('where a file is a link to another place', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'valence-outside-'))
    await writeFile(join(outside, 'graph'), bench.graph)
    await rm(join(bench.model.folder, 'model.onnx'))
    await symlink(join(outside, 'graph'), join(bench.model.folder, 'model.onnx'))
    await expect(locate(bench.model.folder)).rejects.toMatchObject({ code: 'VAL_MODEL_URI_REFUSED' })
    await rm(outside, { recursive: true })
  })

  test('where a link has a name without an extension', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'valence-outside-'))
    await writeFile(join(outside, 'graph'), bench.graph)
    const { files } = bench.model.manifest
    const manifest = { ...bench.model.manifest, files: { ...files, model: { ...files.model, path: 'weights' } } }
    await writeFile(join(bench.model.folder, 'model.json'), JSON.stringify(manifest))
    await symlink(join(outside, 'graph'), join(bench.model.folder, 'weights'))
    await expect(locate(bench.model.folder)).rejects.toMatchObject({ code: 'VAL_MODEL_URI_REFUSED' })
    await rm(outside, { recursive: true })
  })

  test.each(['..', '%2e%2e', '.%2E'])('by a file: URI that climbs out with %s', async (up) => {
    const inside = join(bench.model.folder, 'inside')
    await mkdir(inside)
    const uri = `${pathToFileURL(inside).href}/x/${up}/${up}/model.json`
    await expect(locate(uri, { VALENCE_MODEL_PATH_ALLOW: inside })).rejects.toMatchObject({
      code: 'VAL_MODEL_URI_REFUSED',
    })
  })

  test.each([
    'file://server/share/model.json',
    'file:////server/share/model.json',
    'file:///a%2f..%2fmodel.json',
    'file:///a%00/model.json',
  ])('by %s', async (uri) => {
    await expect(locate(uri)).rejects.toMatchObject({ code: 'VAL_MODEL_MISSING' })
  })
})
