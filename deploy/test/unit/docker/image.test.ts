import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, readdir, realpath, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { findFreePorts } from '../../../local/free-port.ts'
import { bytesIn, layOutImage } from '../../support/image-tree.ts'
import { canConfine, spawnConfined } from '../../support/read-only.ts'

const run = promisify(execFile)
// What lies in the folder for temporary files, a home too, cannot be seen from the read-only place.
const isConfinable = (await canConfine()) && !homedir().startsWith('/tmp')
let parent = ''
let root = ''
let valence = ''
let node = ''

beforeAll(async () => {
  // Not in the folder for temporary files, which the read-only place hides; with a space in its name.
  parent = await realpath(await mkdtemp(join(homedir(), '.valence image-')))
  root = join(parent, 'opt', 'valence')
  valence = join(root, 'processor', 'bin', 'valence.js')
  await layOutImage(root)
  node = join(parent, 'node')
  await copyFile(process.execPath, node)
})

afterAll(() => rm(parent, { recursive: true, force: true, maxRetries: 5 }))

test('the image holds what is compiled and what that needs, no sources', async () => {
  expect((await readdir(root)).sort()).toEqual(
    ['.npmrc', 'LICENSE', 'healthcheck.mjs', 'node_modules', 'package-lock.json', 'package.json'].concat(
      ...['processor', 'producer-sdk', 'schemas'],
    ),
  )
  const delivered = await readdir(root, { recursive: true, withFileTypes: true })
  expect(delivered.filter(({ name }) => /\.(ts|map)$/.test(name))).toEqual([])
})

test('what the image holds is enough to run every role', { timeout: 60_000 }, async () => {
  const env = { PATH: process.env.PATH, HOME: root, ORT_DISABLE_TELEMETRY: '1' }
  const help = await run(process.execPath, [valence, '--help'], { cwd: root, env })
  expect(help.stdout).toContain('Exactly-once sentiment for Kafka')
  // The commands that wait for Kafka get no further than loading what they need: an unknown setting stops them there.
  for (const role of [['process'], ['serve'], ['lag-service'], ['topics', 'create'], ['schemas', 'register']]) {
    const failing = run(process.execPath, [valence, ...role], { cwd: root, env: { ...env, VALENCE_NONSENSE: '1' } })
    await expect(failing, role.join(' ')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('VALENCE_NONSENSE is not a setting'),
    })
  }
  const scored = await run(process.execPath, [valence, 'score', 'I love it'], { cwd: root, env })
  expect(JSON.parse(scored.stdout)).toMatchObject({ label: 'positive' })
})

// The base: Debian 12 for amd64, laid out by debootstrap and slimmed as the image is, had 77.0 MB.
const debianBytes = 80_000_000

test('it has at most 350 MB', async () => {
  const nodeBytes = (await stat(node)).size
  const own = await bytesIn(root)
  expect(own).toBeGreaterThan(100_000_000)
  expect(debianBytes + nodeBytes + own).toBeLessThan(350_000_000)
})

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  )
}

test.skipIf(!isConfinable)(
  'a service runs where nothing but /tmp can be written, as an ordinary user, and stops when told',
  { timeout: 60_000 },
  async () => {
    const [http, admin] = await findFreePorts(2)
    const environment = {
      PATH: process.env.PATH ?? '',
      HOME: '/home/node',
      NODE_ENV: 'production',
      ORT_DISABLE_TELEMETRY: '1',
      VALENCE_AUTH_MODE: 'none',
      VALENCE_HTTP_PORT: String(http),
      VALENCE_ADMIN_PORT: String(admin),
      VALENCE_INFERENCE_WORKERS: '1',
    }
    const probe = spawnConfined(['sh', '-c', `id -u; echo x > '${root}/x'`], environment)
    const [user, refusal] = await Promise.all([text(probe.stdout), text(probe.stderr)])
    expect(user).toBe('1000\n')
    expect(refusal).toContain('Read-only file system')

    const service = spawnConfined([node, valence, 'serve'], environment)
    onTestFinished(() => void service.kill('SIGKILL'))
    const log = text(service.stderr)
    await expect.poll(() => answers(`http://127.0.0.1:${admin}/readyz`), { timeout: 40_000 }).toBe(true)
    const health = [node, join(root, 'healthcheck.mjs'), '/readyz']
    const [code] = await once(spawnConfined(health, environment), 'close')
    expect(code).toBe(0)
    const response = await fetch(`http://127.0.0.1:${http}/v1/score`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ text: 'I love it' }),
    })
    expect(await response.json()).toMatchObject({ label: 'positive' })
    service.kill('SIGTERM')
    expect(await once(service, 'close')).toEqual([0, null])
    expect(await log).toContain('"msg":"stopped"')
  },
)
