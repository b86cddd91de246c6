import { execFile, execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { endless, startModelRegistry, truncated } from '@valence/testing/models/model-registry'
import { SupplyBench, unhurried } from '@valence/testing/models/supply-bench'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { redactUrl } from '../../../../src/config/redaction.ts'
import { allowedUri } from '../../../../src/model/supply/allow-list.ts'
import { openSupply } from '../../../../src/model/supply/open-supply.ts'

let bench: SupplyBench
let outside: string
beforeEach(async () => {
  bench = await SupplyBench.open()
  outside = await mkdtemp(join(tmpdir(), 'valence-outside-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await bench.close()
  await rm(outside, { recursive: true })
})

const pull = async (uri: string, environment: Record<string, string> = {}) =>
  (await bench.supply(environment, uri)).pull(unhurried())

describe('the allow-list', () => {
  test.each([
    ['https://models.example.com/team/a/model.json', 'https://models.example.com/team'],
    ['https://models.example.com/team/a/model.json', 'https://models.example.com/team/'],
    ['s3://bucket/team/model.json', 's3://bucket/'],
  ])('%s is under %s', (uri, prefix) => {
    expect(() => allowedUri(new URL(uri), [prefix])).not.toThrow()
  })

  test.each([
    ['https://models.example.com/teammates/model.json', 'https://models.example.com/team'],
    ['https://models.example.com/team/../other/model.json', 'https://models.example.com/team/'],
    ['https://models.example.com/team/%2e%2e/other/model.json', 'https://models.example.com/team/'],
    ['https://models.example.com/team/..%2fother/model.json', 'https://models.example.com/team/'],
    ['https://models.example.com.evil.org/team/model.json', 'https://models.example.com/team/'],
    ['https://models.example.com@evil.org/team/model.json', 'https://models.example.com/team/'],
    ['https://models.example.com:8443/team/model.json', 'https://models.example.com/team/'],
    ['http://models.example.com/team/model.json', 'https://models.example.com/team/'],
    ['s3://other/team/model.json', 's3://bucket/'],
    ['https://models.example.com/model.json', 'not a uri'],
  ])('%s is not under %s', (uri, prefix) => {
    expect(() => allowedUri(new URL(uri), [prefix])).toThrow(expect.objectContaining({ code: 'VAL_MODEL_URI_REFUSED' }))
  })

  test('never prints credentials', () => {
    expect(redactUrl('https://me:hunter2@host/model.json?signature=abc')).toBe('https://host/model.json')
  })
})

test.each(['s3:x/model.json', 'jar:file:///x'])('%s is refused', async (uri) => {
  await expect(pull(uri)).rejects.toMatchObject({ code: 'VAL_MODEL_URI_REFUSED' })
})

describe('http', () => {
  test('plain http is for this machine, unless it was allowed by name', async () => {
    await expect(pull('http://models.example.com/model.json')).rejects.toMatchObject({ code: 'VAL_MODEL_URI_REFUSED' })
    const allowed = pull('http://models.invalid/a/model.json', { VALENCE_MODEL_URI_ALLOW: 'http://models.invalid/a/' })
    await expect(allowed).rejects.toMatchObject({ code: expect.not.stringMatching('VAL_MODEL_URI_REFUSED') })
  })

  test('a redirect out of the allow-list is refused, one inside it followed', async () => {
    bench.registry.misbehave('tokenizer.json', (_request, response) =>
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
    )
    await expect(pull(bench.registry.uri)).rejects.toMatchObject({
      code: 'VAL_MODEL_URI_REFUSED',
      detail: expect.stringContaining('169.254.169.254'),
    })
    const moved = await startModelRegistry(bench.model.folder, '/cdn/')
    try {
      bench.registry.misbehave('tokenizer.json', (_request, response) =>
        response.writeHead(302, { location: `${moved.origin}/cdn/tokenizer.json` }).end(),
      )
      const allow = `${bench.registry.origin}/models/,${moved.origin}/cdn/`
      await pull(bench.registry.uri, { VALENCE_MODEL_URI_ALLOW: allow, VALENCE_MODEL_TOKEN: 'secret' })
      expect(bench.registry.headers.at(-1)?.authorization).toBe('Bearer secret')
      expect(moved.headers[0]?.authorization).toBeUndefined()
    } finally {
      await moved.close()
    }
  })

  test.each([
    ['https to http on the same host', 'http://models.example.com/team/model.json'],
    ['another host', 'https://models.example.org/team/model.json'],
    ['another port', 'https://models.example.com:8443/team/model.json'],
    ['this machine', 'http://127.0.0.1:9464/team/model.json'],
    ['above the folder', '/team/%2e%2e/secret/model.json'],
    ['a file', 'file:///etc/passwd'],
    ['a host that only begins alike', '//models.example.com.evil.org/team/model.json'],
  ])('a redirect from https to %s is refused before anything is asked there', async (_, location) => {
    const asked: string[] = []
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (uri) => {
      asked.push(String(uri))
      return new Response(null, { status: 302, headers: { location } })
    })
    const home = 'https://models.example.com/team/model.json'
    await expect(pull(home)).rejects.toMatchObject({ code: 'VAL_MODEL_URI_REFUSED' })
    expect(asked).toEqual([home])
  })

  test('credentials that cannot be read are refused', async () => {
    await expect(pull('https://me:%zz@models.example.com/model.json')).rejects.toMatchObject({
      code: 'VAL_MODEL_URI_REFUSED',
      detail: expect.not.stringContaining('%zz'),
    })
  })

  test('"not modified" is no answer to who knows nothing yet', async () => {
    bench.registry.misbehave('model.json', (_request, response) => response.writeHead(304).end())
    await expect(pull(bench.registry.uri)).rejects.toMatchObject({ code: 'VAL_MODEL_REGISTRY_REFUSED' })
  })

  test('a manifest that does not end is refused', async () => {
    bench.registry.misbehave('model.json', endless)
    await expect(pull(bench.registry.uri)).rejects.toMatchObject({ code: 'VAL_MODEL_TOO_LARGE' })
  })

  test('redirects in circles end', async () => {
    bench.registry.misbehave('model.json', (_request, response) =>
      response.writeHead(302, { location: 'model.json' }).end(),
    )
    await expect(pull(bench.registry.uri)).rejects.toMatchObject({ code: 'VAL_MODEL_REGISTRY_REFUSED' })
  })

  test.each(['http://[', 'http://me@127.0.0.1/model.json'])('a redirect to %s is refused', async (location) => {
    bench.registry.misbehave('model.json', (_request, response) => response.writeHead(302, { location }).end())
    await expect(pull(bench.registry.uri)).rejects.toMatchObject({ code: 'VAL_MODEL_REGISTRY_REFUSED' })
  })

  test('a password in the URI is sent as such and kept in no file', async () => {
    const supply = await bench.supply({}, `${bench.registry.uri.replace('//', '//me:hunter2@')}?X-Signature=secret`)
    await supply.accept(await supply.pull(unhurried()))
    const entries = await readdir(bench.store.folder, { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    const contents = await Promise.all(files.map((path) => readFile(path, 'latin1')))
    expect(files.length).toBeGreaterThan(3)
    expect(contents.filter((content) => /hunter2|X-Signature/.test(content))).toEqual([])
    const basic = `Basic ${Buffer.from('me:hunter2').toString('base64')}`
    expect(bench.registry.headers.every(({ authorization }) => authorization === basic)).toBe(true)
  })
})

describe('file', () => {
  const manifestUri = () => pathToFileURL(join(bench.model.folder, 'model.json')).href

  test('a manifest on this machine is copied, and seen to be unchanged', async () => {
    const supply = await bench.supply({}, manifestUri())
    const first = await supply.pull(unhurried())
    expect(await supply.pull(unhurried())).toMatchObject({ digest: first.digest })
    await writeFile(join(bench.model.folder, 'model.json'), JSON.stringify({ ...bench.model.manifest, version: '2' }))
    expect(await supply.pull(unhurried())).toMatchObject({ manifest: { version: '2' } })
  })

  test('a link that leads out of the folder is refused, unless it leads to where it may', async () => {
    await writeFile(join(outside, 'secret'), bench.graph)
    await rm(join(bench.model.folder, 'model.onnx'))
    await symlink(join(outside, 'secret'), join(bench.model.folder, 'model.onnx'))
    await expect(pull(manifestUri())).rejects.toMatchObject({ code: 'VAL_MODEL_URI_REFUSED' })
    await pull(manifestUri(), { VALENCE_MODEL_PATH_ALLOW: `${outside},${bench.model.folder}` })
  })

  test('a folder beside the allowed one is outside, although its name begins alike', async () => {
    const near = `${bench.model.folder}-2`
    await mkdir(near)
    await writeFile(join(near, 'model.json'), '{}')
    try {
      const uri = pathToFileURL(join(near, 'model.json')).href
      await expect(pull(uri, { VALENCE_MODEL_PATH_ALLOW: bench.model.folder })).rejects.toMatchObject({
        code: 'VAL_MODEL_URI_REFUSED',
      })
    } finally {
      await rm(near, { recursive: true })
    }
  })

  test('a pipe in the place of a file is not waited for', async () => {
    await rm(join(bench.model.folder, 'model.onnx'))
    execFileSync('/usr/bin/mkfifo', [join(bench.model.folder, 'model.onnx')])
    await expect(pull(manifestUri())).rejects.toMatchObject({ code: 'VAL_MODEL_MISSING' })
  })

  test('a manifest that is too large is refused', async () => {
    await writeFile(join(bench.model.folder, 'model.json'), Buffer.alloc((1 << 22) + 1, ' '))
    await expect(pull(manifestUri())).rejects.toMatchObject({ code: 'VAL_MODEL_TOO_LARGE' })
  })

  test('other schemes are refused', async () => {
    await expect(openSupply('ftp://host/model.json', bench.config())).rejects.toMatchObject({
      code: 'VAL_MODEL_URI_REFUSED',
    })
  })
})

describe('s3', () => {
  /** In a process of its own: the test runner resolves the SDK to its builds for bundlers, which Node cannot load. */
  async function pullFromS3(uri: string, endpoint: string): Promise<unknown> {
    const script = fileURLToPath(new URL('../../../../../testing/src/models/pull-model.script.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=@valence/source', script], {
      env: {
        PATH: process.env.PATH,
        AWS_ACCESS_KEY_ID: 'key',
        AWS_SECRET_ACCESS_KEY: 'secret',
        AWS_REGION: 'eu-central-1',
        VALENCE_MODEL: uri,
        VALENCE_MODEL_S3_ENDPOINT: endpoint,
        VALENCE_MODEL_STORE: bench.store.folder,
      },
    })
    return JSON.parse(stdout)
  }

  test('a model in a bucket, resumed after a break, signed by the SDK', { timeout: 30_000 }, async () => {
    const s3 = await startModelRegistry(bench.model.folder, '/bucket/team/')
    try {
      s3.misbehave('model.onnx', truncated(bench.graph, 30), 1)
      const pulled = await pullFromS3('s3://bucket/team/model.json', s3.origin)
      const [stored] = await bench.store.list()
      expect(pulled).toEqual({ first: stored?.digest, second: stored?.digest })
      expect(
        s3.requests.some(
          (request) => request.startsWith('GET /bucket/team/model.onnx') && request.endsWith('bytes=30-'),
        ),
      ).toBe(true)
      expect(s3.headers[0]?.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=key/)
      expect(s3.headers.filter((headers) => headers['if-none-match'])).toHaveLength(1)
      expect(await pullFromS3('s3://bucket/nothing/model.json', s3.origin)).toEqual({ code: 'VAL_MODEL_MISSING' })
    } finally {
      await s3.close()
    }
  })

  test('a manifest that does not end, and a file that became shorter', { timeout: 30_000 }, async () => {
    const s3 = await startModelRegistry(bench.model.folder, '/bucket/team/')
    try {
      s3.misbehave('model.json', endless, 1)
      expect(await pullFromS3('s3://bucket/team/model.json', s3.origin)).toEqual({ code: 'VAL_MODEL_TOO_LARGE' })
      const shortened: Parameters<typeof s3.misbehave>[1] = (request, response) => {
        if (!request.headers.range) return truncated(bench.graph, 30)(request, response)
        response.writeHead(416, { 'content-type': 'application/xml' }).end('<Error><Code>InvalidRange</Code></Error>')
      }
      s3.misbehave('model.onnx', shortened, 2)
      expect(await pullFromS3('s3://bucket/team/model.json', s3.origin)).toHaveProperty('first')
    } finally {
      await s3.close()
    }
  })

  test('an endpoint that is away', { timeout: 30_000 }, async () => {
    expect(await pullFromS3('s3://bucket/model.json', 'http://127.0.0.1:1')).toEqual({
      code: 'VAL_MODEL_REGISTRY_UNAVAILABLE',
    })
  })
})
