import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { awaitAnswer } from './await-answer.ts'
import { choosePorts, findFreePorts } from './free-port.ts'
import type { Jdk } from './jdk.ts'
import { fastStartFlags, formatLogs, type KafkaPackage, writeBootstrapCheckpoint } from './kafka-package.ts'
import { describeCluster } from './kafka-probe.ts'
import { brokerProperties } from './kafka-properties.ts'
import {
  type KafkaSecurity,
  type SecuredListeners,
  securedProtocols,
  securityFlags,
  securityProperties,
  userArguments,
} from './kafka-security.ts'
import type { KafkaCluster } from './local-stack.ts'
import { formatProperties } from './properties.ts'
import type { StackContext } from './stack-context.ts'
import type { Part } from './supervisor-client.ts'

const host = '127.0.0.1'
// A broker without its quorum would wait five minutes for it.
const stopGraceMs = 20_000

export interface KafkaProcessesOptions {
  readonly kafka: KafkaPackage
  readonly jdk: Jdk
  /** The folder with `kafka-1`, `kafka-2`, …: configuration, logs and data of each node. */
  readonly context: StackContext
  readonly nodes: 1 | 3
  readonly properties: Readonly<Record<string, string>>
  readonly security: KafkaSecurity | undefined
  /** Port of the first broker; the others use the following ports. Default: free ports. */
  readonly port: number | undefined
}

interface Node {
  readonly name: string
  readonly id: number
  readonly port: number
  readonly directory: string
}

async function securedAddresses(): Promise<Record<keyof typeof securedProtocols, string>> {
  const [tls, mtls, sasl] = await findFreePorts(3)
  return { TLS: `${host}:${tls}`, MTLS: `${host}:${mtls}`, SASL: `${host}:${sasl}` }
}

/** Users are created when the cluster is formatted. */
async function withUsers({ kafka, jdk, context }: KafkaProcessesOptions, security: KafkaSecurity) {
  const format = { folder: context.directory, classPath: kafka.classPath, options: userArguments(security) }
  return { ...kafka, bootstrapCheckpoint: await writeBootstrapCheckpoint(format, jdk, context) }
}

/** Brokers that are also controllers, each a process whose port and log folder are kept after it is killed. */
export class KafkaProcesses implements KafkaCluster {
  readonly brokers: readonly string[]
  readonly secured?: SecuredListeners
  readonly #options: KafkaProcessesOptions
  readonly #nodes: readonly Node[]
  readonly #running = new Map<Node, Part>()

  private constructor(options: KafkaProcessesOptions, nodes: readonly Node[], secured: SecuredListeners | undefined) {
    this.#options = options
    if (secured) this.secured = secured
    this.#nodes = nodes
    this.brokers = nodes.map((node) => `${host}:${node.port}`)
  }

  /** Resolves once every broker answers and sees all the others. */
  static async start(options: KafkaProcessesOptions): Promise<KafkaProcesses> {
    const count = options.nodes
    const brokerPorts = await choosePorts('Kafka', count, options.port)
    const controllerPorts = await findFreePorts(count)
    const clusterId = randomBytes(16).toString('base64url')
    const { security } = options
    const kafka = security ? await withUsers(options, security) : options.kafka
    const nodes = brokerPorts.map((port, index) => {
      const name = `kafka-${index + 1}`
      return { name, id: index + 1, port, directory: join(options.context.directory, name) }
    })
    const secured = security ? await Promise.all(nodes.map(securedAddresses)) : []
    for (const [index, node] of nodes.entries()) {
      const logs = join(node.directory, 'data')
      await mkdir(node.directory, { recursive: true })
      await formatLogs(kafka, { logs, nodeId: node.id, clusterId })
      const clients = { CLIENT: `${host}:${node.port}`, ...secured[index] }
      const properties = brokerProperties({
        index,
        controllers: controllerPorts.map((port) => `${host}:${port}`),
        listeners: { ...clients, CONTROLLER: `${host}:${controllerPorts[index]}` },
        advertised: clients,
        interBroker: 'CLIENT',
        protocols: security ? securedProtocols : {},
        logs,
      })
      const all = { ...properties, ...(security ? securityProperties(security) : {}), ...options.properties }
      await writeFile(join(node.directory, 'server.properties'), formatProperties(all))
    }
    const [first] = secured
    const cluster = new KafkaProcesses(options, nodes, first && { tls: first.TLS, mtls: first.MTLS, sasl: first.SASL })
    try {
      await Promise.all(nodes.map((node) => cluster.#startNode(node)))
    } catch (error) {
      await cluster.stop()
      throw error
    }
    return cluster
  }

  async kill(i: number): Promise<void> {
    await this.#running.get(this.#node(i))?.kill('SIGKILL')
  }

  async pause(i: number): Promise<void> {
    this.#signal(i, 'SIGSTOP')
  }

  async resume(i: number): Promise<void> {
    this.#signal(i, 'SIGCONT')
  }

  async restart(i: number): Promise<void> {
    const node = this.#node(i)
    await this.#running.get(node)?.stop(stopGraceMs)
    await this.#startNode(node)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((part) => part.kill('SIGKILL')))
  }

  /** A signal that does not end the broker. */
  #signal(i: number, signal: NodeJS.Signals): void {
    const pid = this.#running.get(this.#node(i))?.pid
    if (pid !== undefined) process.kill(pid, signal)
  }

  #node(i: number): Node {
    const node = this.#nodes[i]
    if (node === undefined) throw new RangeError(`There is no broker ${i}: the cluster has ${this.#nodes.length}`)
    return node
  }

  async #startNode(node: Node): Promise<void> {
    const { kafka, jdk, nodes, security } = this.#options
    const { supervisor, onProgress } = this.#options.context
    const heap = nodes === 1 ? '512m' : '384m'
    const flags = [`-Xmx${heap}`, ...fastStartFlags, '-Dorg.slf4j.simpleLogger.showDateTime=true']
    if (security) flags.push(...securityFlags(security))
    const startedAt = Date.now()
    const part = await supervisor.start({
      name: node.name,
      command: jdk.java,
      args: [...flags, '-cp', kafka.classPath, 'kafka.Kafka', join(node.directory, 'server.properties')],
      directory: node.directory,
      log: join(node.directory, 'server.log'),
    })
    this.#running.set(node, part)
    void part.ended.then(() => {
      if (this.#running.get(node) === part) this.#running.delete(node)
    })
    // A node that restarts while another is down must not wait for the other one.
    const expected = () => this.#nodes.filter((other) => this.#running.has(other)).map((other) => other.id)
    await awaitAnswer(part, async () => {
      const seen = await describeCluster(host, node.port)
      const missing = expected().filter((id) => !seen.includes(id))
      if (missing.length > 0) throw new Error(`the cluster lacks ${missing.join(', ')}`)
    })
    onProgress(`${node.name} answers on ${host}:${node.port} (Kafka ${kafka.version}, ${Date.now() - startedAt} ms)`)
  }
}
