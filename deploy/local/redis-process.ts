import { chmod, mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { awaitAnswer } from './await-answer.ts'
import { choosePorts } from './free-port.ts'
import { downloadWithMaven, findOnPath } from './maven.ts'
import { cachedFolder } from './package-cache.ts'
import type { StackContext } from './stack-context.ts'
import { StackError } from './stack-error.ts'

const packageVersion = '1.4.4'

// The binaries in the package, by `process.platform` and `process.arch`.
const binaries: Readonly<Record<string, string>> = {
  'linux-x64': 'redis-server-6.2.6-v5-linux-amd64',
  'linux-arm64': 'redis-server-6.2.7-linux-arm64',
  'darwin-x64': 'redis-server-6.2.6-v5-darwin-amd64',
  'darwin-arm64': 'redis-server-6.2.6-v5-darwin-arm64',
}

/** Resolves when a Redis server answers a PING. */
export function probeRedis(host: string, port: number, timeoutMs = 2000): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    socket.once('connect', () => socket.write('PING\r\n'))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the connection was closed')))
    socket.once('data', (answer) => {
      // An error that requests a password also proves that the server runs.
      if (/^(\+PONG|-NOAUTH)/.test(answer.toString('latin1'))) resolve()
      else reject(new Error(`unexpected answer ${JSON.stringify(answer.toString('latin1'))}`))
      socket.destroy()
    })
  })
}

async function fetchRedis(context: StackContext): Promise<string> {
  const binary = binaries[`${process.platform}-${process.arch}`]
  if (binary === undefined) {
    throw new StackError(`Redis is not installed, and no package has it for ${process.platform} on ${process.arch}`, [
      'install it so that `redis-server` is on the PATH',
    ])
  }
  const folder = await cachedFolder(`embedded-redis-${packageVersion}`, async (target) => {
    context.onProgress('fetching Redis (16 MB, once)')
    await downloadWithMaven({ profile: 'redis', goal: 'unpack-dependencies', folder: target }, context)
    await Promise.all(Object.values(binaries).map((name) => chmod(join(target, name), 0o755)))
  })
  return join(folder, binary)
}

/** Starts Redis with its data in memory; resolves to its URL when it answers. */
export async function startRedis(context: StackContext, port?: number): Promise<string> {
  const { supervisor, directory, onProgress } = context
  const command = findOnPath('redis-server') ?? (await fetchRedis(context))
  const [redisPort = 0] = await choosePorts('Redis', 1, port)
  const folder = join(directory, 'redis')
  await mkdir(folder, { recursive: true })
  const startedAt = Date.now()
  const part = await supervisor.start({
    name: 'redis',
    command,
    args: ['--bind', '127.0.0.1', '--port', String(redisPort), '--save', '', '--appendonly', 'no'],
    directory: folder,
    log: join(folder, 'redis.log'),
  })
  await awaitAnswer(part, () => probeRedis('127.0.0.1', redisPort))
  onProgress(`redis answers on 127.0.0.1:${redisPort} (${Date.now() - startedAt} ms)`)
  return `redis://127.0.0.1:${redisPort}`
}
