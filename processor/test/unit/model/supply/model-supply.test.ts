import { generateKeyPairSync, sign } from 'node:crypto'
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hangs, stalls, truncated } from '@valence/testing/models/model-registry'
import { SupplyBench, unhurried } from '@valence/testing/models/supply-bench'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { BlobStore } from '../../../../src/model/supply/blob-store.ts'
import { digestOf } from '../../../../src/model/supply/model-store.ts'

let bench: SupplyBench
beforeEach(async () => {
  bench = await SupplyBench.open()
})
afterEach(() => bench.close())

const fileRequests = () => bench.registry.requests.filter((request) => !request.includes('model.json'))

describe('a model is brought in', () => {
  test('whole, and found again without asking for its files', async () => {
    const supply = await bench.supply()
    const model = await supply.pull(unhurried())
    expect(await readFile(join(model.folder, 'model.onnx'))).toEqual(bench.graph)
    expect(model.manifest.name).toBe('tiny')
    expect(await supply.pull(unhurried())).toMatchObject({ digest: model.digest })
    expect(await (await bench.supply()).pull(unhurried())).toMatchObject({ digest: model.digest })
    expect(fileRequests()).toHaveLength(2)
    expect(bench.registry.headers.filter((headers) => headers['if-none-match'])).toHaveLength(1)
  })

  test('once, however many processes want it at the same time', async () => {
    const supplies = await Promise.all(Array.from({ length: 6 }, () => bench.supply()))
    const models = await Promise.all(supplies.map((supply) => supply.pull(unhurried())))
    expect(new Set(models.map(({ folder }) => folder)).size).toBe(1)
    expect(fileRequests()).toHaveLength(2)
    expect(await readdir(join(bench.store.folder, 'partial'))).toEqual([])
  })

  test('again where its copy was damaged', async () => {
    const supply = await bench.supply()
    const { folder } = await supply.pull(unhurried())
    const path = join(folder, 'model.onnx')
    await chmod(path, 0o644)
    await writeFile(path, Buffer.alloc(bench.graph.length))
    const again = await (await bench.supply()).pull(unhurried())
    expect(await readFile(join(again.folder, 'model.onnx'))).toEqual(bench.graph)
  })

  test.each([
    ['is empty', (path: string) => writeFile(path, '')],
    ['is gone', (path: string) => rm(path)],
  ])('again where its manifest %s', async (_, damage) => {
    const { folder, digest } = await (await bench.supply()).pull(unhurried())
    await chmod(join(folder, 'model.json'), 0o644)
    await damage(join(folder, 'model.json'))
    expect(await (await bench.supply()).pull(unhurried())).toMatchObject({ digest })
  })

  test('though what another version of Valence left, and this one cannot read, stays where it is', async () => {
    const folder = join(bench.store.folder, 'models', digestOf('{}'))
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'model.json'), '{}')
    expect(await bench.store.find(digestOf('{}'))).toBeUndefined()
    expect(await readdir(folder)).toEqual(['model.json'])
  })

  test('again where a file of it was damaged on the shelf', async () => {
    const sha256 = bench.model.manifest.files.model.sha256
    await mkdir(join(bench.store.folder, 'blobs'), { recursive: true })
    await writeFile(join(bench.store.folder, 'blobs', sha256), bench.graph.subarray(0, 100))
    const { folder } = await (await bench.supply()).pull(unhurried())
    expect(await readFile(join(folder, 'model.onnx'))).toEqual(bench.graph)
  })

  test('though a disk that cannot be read for a moment is no damage', async () => {
    const { folder, digest } = await (await bench.supply()).pull(unhurried())
    const path = join(folder, 'model.onnx')
    await rename(path, `${path}.away`)
    await symlink(path, path)
    await expect(bench.store.find(digest)).rejects.toMatchObject({ code: 'VAL_MODEL_STORE_UNAVAILABLE' })
    await rename(`${path}.away`, path)
    expect(await bench.store.find(digest)).toMatchObject({ digest })
  })

  test('whole, though a range that was asked for begins elsewhere', async () => {
    bench.registry.misbehave('model.onnx', truncated(bench.graph, 50), 1)
    const pulled = (await bench.supply()).pull(unhurried())
    await expect.poll(fileRequests).toHaveLength(1)
    bench.registry.misbehave(
      'model.onnx',
      (_request, response) => {
        const range = { 'content-range': `bytes 10-${bench.graph.length - 1}/${bench.graph.length}` }
        response.writeHead(206, range).end(bench.graph.subarray(10))
      },
      1,
    )
    expect(await readFile(join((await pulled).folder, 'model.onnx'))).toEqual(bench.graph)
  })

  test('by one process though another, taken for dead, wakes up and writes on', async () => {
    const { model } = bench.model.manifest.files
    const half = bench.graph.length / 2
    const [written, awake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const sleeper = new BlobStore(bench.store.folder).add(
      model,
      async (_, path) => {
        const file = await open(path, 'a')
        await file.write(bench.graph.subarray(0, half))
        written.resolve()
        await awake.promise
        await file.write(bench.graph.subarray(half))
        await file.close()
      },
      unhurried(),
    )
    await written.promise
    await rm(join(bench.store.folder, 'partial', `${model.sha256}.lock`), { recursive: true })
    await new BlobStore(bench.store.folder).add(
      model,
      async (_, path) => {
        expect((await readFile(path)).length).toBe(half)
        await writeFile(path, bench.graph.subarray(half), { flag: 'a' })
      },
      unhurried(),
    )
    awake.resolve()
    await expect(sleeper).rejects.toMatchObject({ code: 'VAL_MODEL_STORE_UNAVAILABLE' })
    expect(await bench.halfWritten()).toEqual([])
  })

  test('through a connection that breaks, from where it broke', async () => {
    bench.registry.misbehave('model.onnx', truncated(bench.graph, 50), 1)
    await (await bench.supply()).pull(unhurried())
    expect(fileRequests()).toContain('GET /models/model.onnx bytes=50-')
  })

  test('by a process that goes on where another one was stopped', async () => {
    bench.registry.misbehave('model.onnx', stalls(bench.graph, 40), 9)
    const stop = new AbortController()
    const stopped = (await bench.supply()).pull(stop.signal)
    stopped.catch(() => undefined)
    const partial = join(bench.store.folder, 'partial')
    const arrived = async () =>
      Promise.all((await readdir(partial)).map(async (name) => (await stat(join(partial, name))).size))
    await expect.poll(arrived, { timeout: 10_000 }).toContain(40)
    stop.abort(new Error('stopped'))
    await expect(stopped).rejects.toThrow('stopped')
    bench.registry.misbehave('model.onnx', hangs, 0)
    await (await bench.supply()).pull(unhurried())
    expect(fileRequests().at(-2)).toMatch(/bytes=\d+-$/)
  })

  test('although what was left of it was of another version', async () => {
    bench.registry.misbehave('model.onnx', truncated(Buffer.alloc(bench.graph.length, 7), 60), 1)
    const { folder } = await (await bench.supply()).pull(unhurried())
    expect(await readFile(join(folder, 'model.onnx'))).toEqual(bench.graph)
  })
})

describe('refused, and nothing is seen in the store:', () => {
  async function refusal(environment: Record<string, string> = {}): Promise<unknown> {
    const error = await (await bench.supply(environment)).pull(unhurried()).catch((cause: unknown) => cause)
    expect(await bench.store.list()).toEqual([])
    expect(await bench.halfWritten()).toEqual([])
    return error
  }

  test('a download that always ends early', async () => {
    const again: Parameters<typeof bench.registry.misbehave>[1] = (request, response) => {
      const from = Number(/\d+/.exec(request.headers.range ?? '0')?.[0])
      response.writeHead(from > 0 ? 206 : 200, {
        'content-length': bench.graph.length - from,
        ...(from > 0 && { 'content-range': `bytes ${from}-${bench.graph.length - 1}/${bench.graph.length}` }),
      })
      response.write(bench.graph.subarray(from, from + 5), () => setTimeout(() => response.destroy(), 10))
    }
    bench.registry.misbehave('model.onnx', again)
    expect(await refusal()).toMatchObject({ code: 'VAL_MODEL_DOWNLOAD_TRUNCATED' })
  })

  test('a file that is shorter than the manifest says, although the transfer was complete', async () => {
    bench.registry.files.set('model.onnx', bench.graph.subarray(0, -1))
    expect(await refusal()).toMatchObject({ code: 'VAL_MODEL_DOWNLOAD_TRUNCATED' })
  })

  test('a flipped byte', async () => {
    const flipped = Buffer.from(bench.graph)
    flipped[33] = (flipped[33] as number) ^ 1
    bench.registry.files.set('model.onnx', flipped)
    expect(await refusal()).toMatchObject({ code: 'VAL_MODEL_CHECKSUM_MISMATCH' })
    expect(await readdir(join(bench.store.folder, 'partial'))).toEqual([])
  })

  test('a file that does not end', async () => {
    bench.registry.files.set('model.onnx', Buffer.concat([bench.graph, Buffer.alloc(9)]))
    expect(await refusal()).toMatchObject({
      code: 'VAL_MODEL_CHECKSUM_MISMATCH',
      detail: expect.stringContaining('more'),
    })
  })

  test('a model over the limit, before a byte of it is fetched', async () => {
    expect(await refusal({ VALENCE_MODEL_MAX_BYTES: '1024' })).toMatchObject({ code: 'VAL_MODEL_TOO_LARGE' })
    expect(fileRequests()).toEqual([])
  })

  test.each([
    ['the manifest', 'model.json'],
    ['a file', 'model.onnx'],
  ])('a registry that hangs on %s', async (_, name) => {
    bench.registry.misbehave(name, hangs)
    expect(await refusal()).toMatchObject({ code: 'VAL_MODEL_REGISTRY_TIMEOUT' })
  })

  test('a registry that stops in mid-file', async () => {
    bench.registry.misbehave('model.onnx', stalls(bench.graph, 10))
    expect(await refusal()).toMatchObject({ code: 'VAL_MODEL_REGISTRY_TIMEOUT' })
  })

  test('a registry that takes too long over all', async () => {
    bench.registry.misbehave('model.onnx', hangs)
    expect(await refusal({ VALENCE_MODEL_TIMEOUT_MS: '120' })).toMatchObject({ code: 'VAL_MODEL_REGISTRY_TIMEOUT' })
  })

  test.each(['../model.onnx', '/etc/passwd', '..%2fmodel.onnx', 'a/../../x'])('the file name %j', async (path) => {
    const spoilt = structuredClone(bench.model.manifest)
    spoilt.files.model.path = path
    bench.registry.files.set('model.json', Buffer.from(JSON.stringify(spoilt)))
    expect(await refusal()).toMatchObject({
      code: 'VAL_MODEL_PATH_REFUSED',
      detail: expect.stringContaining('files.model.path'),
    })
    expect(fileRequests()).toEqual([])
  })

  test('a file that is not there', async () => {
    bench.registry.misbehave('tokenizer.json', (_request, response) => response.writeHead(404).end())
    expect(await refusal()).toMatchObject({ code: 'VAL_MODEL_MISSING' })
  })

  test('a registry that is not there', async () => {
    await bench.registry.close()
    expect(await refusal()).toMatchObject({ code: 'VAL_MODEL_REGISTRY_UNAVAILABLE' })
  })

  test('a registry that refuses the credentials', async () => {
    bench.registry.misbehave('model.json', (_request, response) => response.writeHead(403).end())
    expect(await refusal({ VALENCE_MODEL_TOKEN: 'secret' })).toMatchObject({ code: 'VAL_MODEL_REGISTRY_REFUSED' })
    expect(bench.registry.headers[0]?.authorization).toBe('Bearer secret')
  })
})

describe('with a pinned key', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const manifestBytes = () => readFile(join(bench.model.folder, 'model.json'))

  test.each([
    ['raw', (signature: Buffer) => signature],
    ['base64', (signature: Buffer) => Buffer.from(`${signature.toString('base64')}\n`)],
  ])('a signed manifest passes (%s)', async (_, write) => {
    bench.registry.files.set('model.json.sig', write(sign(null, await manifestBytes(), privateKey)))
    const supply = await bench.signedSupply(publicKey)
    const model = await supply.pull(unhurried())
    await supply.accept(model)
    expect(await supply.lastGood()).toMatchObject({ digest: model.digest })
  })

  test('an unsigned manifest is refused, also when it was accepted without a key before', async () => {
    const supply = await bench.supply()
    await supply.accept(await supply.pull(unhurried()))
    const strict = await bench.signedSupply(publicKey)
    await expect(strict.pull(unhurried())).rejects.toMatchObject({ code: 'VAL_MODEL_SIGNATURE_MISSING' })
    expect(await strict.lastGood()).toBeUndefined()
  })

  test('a signature that came later, or by a new key, is kept', async () => {
    await (await bench.supply()).pull(unhurried())
    bench.registry.files.set('model.json.sig', sign(null, await manifestBytes(), privateKey))
    const strict = await bench.signedSupply(publicKey)
    await strict.accept(await strict.pull(unhurried()))
    expect(await strict.lastGood()).toBeDefined()
  })

  test('a signature of somebody else is refused, before anything is fetched', async () => {
    const other = generateKeyPairSync('ed25519').privateKey
    bench.registry.files.set('model.json.sig', sign(null, await manifestBytes(), other))
    const pulled = (await bench.signedSupply(publicKey)).pull(unhurried())
    await expect(pulled).rejects.toMatchObject({ code: 'VAL_MODEL_SIGNATURE_INVALID' })
    expect(fileRequests()).toEqual([])
  })

  test('a manifest that was changed after it was signed is refused', async () => {
    bench.registry.files.set('model.json.sig', sign(null, await manifestBytes(), privateKey))
    bench.registry.files.set('model.json', Buffer.concat([await manifestBytes(), Buffer.from(' ')]))
    const pulled = (await bench.signedSupply(publicKey)).pull(unhurried())
    await expect(pulled).rejects.toMatchObject({ code: 'VAL_MODEL_SIGNATURE_INVALID' })
  })
})
