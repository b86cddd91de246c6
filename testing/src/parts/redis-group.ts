import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findFreePorts } from '@valence/deploy/local/free-port'
import { probeRedis } from '@valence/deploy/local/redis-process'
import { Redis } from 'ioredis'
import { endWithWorker } from '../processes/end-with-worker.ts'

interface RedisServer {
  readonly port: number
  readonly process: ChildProcess
}

/** Several Redis servers on this machine, of the binary that another one runs. */
export class RedisGroup implements AsyncDisposable {
  readonly #binary: string
  readonly #folder: string
  readonly #servers: RedisServer[] = []

  private constructor(binary: string, folder: string) {
    this.#binary = binary
    this.#folder = folder
  }

  static async open(runningUrl: string): Promise<RedisGroup> {
    const redis = new Redis(runningUrl)
    const binary = /^executable:(.*)\r$/m.exec(await redis.info('server'))?.[1] as string
    redis.disconnect()
    return new RedisGroup(binary, await mkdtemp(join(tmpdir(), 'valence-redis-')))
  }

  /** A primary, a replica of it and a sentinel that follows both; the ports in that order. */
  async sentinel(name: string): Promise<[primary: number, replica: number, sentinel: number]> {
    const [primary, replica, sentinel] = (await findFreePorts(3)) as [number, number, number]
    await this.#start(primary)
    await this.#start(replica, `replicaof 127.0.0.1 ${primary}`)
    await this.#start(
      sentinel,
      `sentinel monitor ${name} 127.0.0.1 ${primary} 1`,
      `sentinel down-after-milliseconds ${name} 500`,
      `sentinel failover-timeout ${name} 2000`,
    )
    return [primary, replica, sentinel]
  }

  /** Two primaries, each with half of the slots and a replica; the ports of the primaries, then of their replicas. */
  async cluster(): Promise<number[]> {
    const ports = await findFreePorts(4)
    for (const port of ports) await this.#start(port, 'cluster-enabled yes', `cluster-config-file ${port}.nodes`)
    const nodes = ports.map((port) => new Redis(port, '127.0.0.1'))
    const [first, second, ...replicas] = nodes as [Redis, Redis, ...Redis[]]
    const half = 8_192
    await first.cluster('ADDSLOTS', ...Array.from({ length: half }, (_, slot) => slot))
    await second.cluster('ADDSLOTS', ...Array.from({ length: half }, (_, slot) => slot + half))
    for (const port of ports.slice(1)) await first.cluster('MEET', '127.0.0.1', port)
    const ids = await Promise.all([first, second].map((node) => node.call('CLUSTER', 'MYID') as Promise<string>))
    await eventually(async () => (await first.cluster('INFO')).includes('cluster_known_nodes:4'))
    for (const [index, node] of replicas.entries()) {
      await eventually(() => isSo(node.call('CLUSTER', 'REPLICATE', ids[index] as string)))
    }
    for (const node of nodes) {
      await eventually(async () => (await node.cluster('INFO')).includes('cluster_state:ok'))
      await eventually(async () => ((await node.cluster('SLOTS')) as unknown[][]).every((slots) => slots.length === 4))
    }
    for (const node of replicas) await eventually(async () => /master_link_status:up/.test(await node.info()))
    for (const node of nodes) node.disconnect()
    return ports
  }

  async kill(port: number): Promise<void> {
    const server = this.#servers.find((own) => own.port === port)
    server?.process.kill('SIGKILL')
    if (server && server.process.exitCode === null && server.process.signalCode === null) {
      await once(server.process, 'exit')
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { port } of this.#servers) await this.kill(port)
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #start(port: number, ...settings: string[]): Promise<void> {
    const file = join(this.#folder, `${port}.conf`)
    const common = [`port ${port}`, 'bind 127.0.0.1', `dir "${this.#folder}"`, 'save ""']
    await writeFile(file, `${[...common, ...settings].join('\n')}\n`)
    const isSentinel = settings.some((setting) => setting.startsWith('sentinel '))
    const child = spawn(this.#binary, [file, ...(isSentinel ? ['--sentinel'] : [])], { stdio: 'ignore' })
    endWithWorker(child)
    this.#servers.push({ port, process: child })
    await eventually(() => isSo(probeRedis('127.0.0.1', port)))
  }
}

const isSo = (attempt: Promise<unknown>) =>
  attempt.then(
    () => true,
    () => false,
  )

/** Nothing tells when servers have agreed; they are asked until they have. */
async function eventually(ask: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error('the servers did not agree within 20 s')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
