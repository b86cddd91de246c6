import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  GenericContainer,
  getContainerRuntimeClient,
  type StartedNetwork,
  type StartedTestContainer,
} from 'testcontainers'
import { choosePorts } from './free-port.ts'
import { images } from './images.ts'
import { describeCluster } from './kafka-probe.ts'
import { brokerEnvironment, brokerProperties } from './kafka-properties.ts'
import type { KafkaCluster } from './local-stack.ts'

const clientPort = 9092
const brokerPort = 19_092
const controllerPort = 9093
const answerTimeoutMs = 120_000
const stopTimeoutMs = 20_000

export interface KafkaContainersOptions {
  readonly version: string
  readonly network: StartedNetwork
  readonly nodes: 1 | 3
  readonly properties: Readonly<Record<string, string>>
  /** Port of the first broker on the host; the others use the following ports. Default: free ports. */
  readonly port: number | undefined
  readonly onProgress: (line: string) => void
}

interface Node {
  readonly id: number
  readonly container: StartedTestContainer
  readonly host: string
  readonly port: number
  down: boolean
}

async function awaitAnswer(node: Node, nodes: readonly Node[]): Promise<void> {
  const deadline = Date.now() + answerTimeoutMs
  for (;;) {
    const seen = await describeCluster(node.host, node.port).catch((): number[] => [])
    if (nodes.every(({ id, down }) => down || seen.includes(id))) return
    if (Date.now() > deadline) {
      const missing = nodes.filter(({ id, down }) => !down && !seen.includes(id)).map(({ id }) => id)
      throw new Error(`kafka-${node.id} does not answer, or does not see node ${missing.join(', ')}`)
    }
    await delay(200)
  }
}

/** Like Promise.all, but rejects only after all have settled, so that everything started can be undone. */
async function eachSettled<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(items.map(work))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function broker(index: number, hostPort: number, host: string, options: KafkaContainersOptions): GenericContainer {
  const { version, network, nodes, properties } = options
  const defaults = brokerProperties({
    index,
    controllers: Array.from({ length: nodes }, (_, i) => `kafka-${i + 1}:${controllerPort}`),
    listeners: {
      CLIENT: `0.0.0.0:${clientPort}`,
      BROKER: `0.0.0.0:${brokerPort}`,
      CONTROLLER: `0.0.0.0:${controllerPort}`,
    },
    advertised: { CLIENT: `${host}:${hostPort}`, BROKER: `kafka-${index + 1}:${brokerPort}` },
    interBroker: 'BROKER',
    logs: '/tmp/kraft-combined-logs',
  })
  return (
    new GenericContainer(images.kafka(version))
      .withNetwork(network)
      .withNetworkAliases(`kafka-${index + 1}`)
      // A fixed port on the host: clients must find the broker again after a restart.
      .withExposedPorts({ container: clientPort, host: hostPort })
      .withEnvironment({
        ...brokerEnvironment({ ...defaults, ...properties }),
        KAFKA_HEAP_OPTS: nodes === 1 ? '-Xmx512m' : '-Xmx384m',
      })
      .withStartupTimeout(answerTimeoutMs)
  )
}

/** Brokers that are also controllers, each a container with a fixed port; killed ones keep their data. */
export class KafkaContainers implements KafkaCluster {
  readonly brokers: readonly string[]
  readonly #nodes: readonly Node[]

  private constructor(nodes: readonly Node[]) {
    this.#nodes = nodes
    this.brokers = nodes.map(({ host, port }) => `${host}:${port}`)
  }

  /** Resolves once every broker answers and sees all the others. */
  static async start(options: KafkaContainersOptions): Promise<KafkaContainers> {
    const { info } = await getContainerRuntimeClient()
    const { host } = info.containerRuntime
    const clusterId = randomBytes(16).toString('base64url')
    const count = options.nodes
    const ports = await choosePorts('Kafka', count, options.port)
    const nodes: Node[] = []
    const cluster = (): KafkaContainers => new KafkaContainers(nodes.toSorted((a, b) => a.id - b.id))
    try {
      await eachSettled(ports, async (port, index) => {
        const container = await broker(index, port, host, options).withEnvironment({ CLUSTER_ID: clusterId }).start()
        nodes.push({ id: index + 1, container, host, port, down: false })
      })
      await eachSettled(nodes, (node) => awaitAnswer(node, nodes))
    } catch (error) {
      await cluster().stop()
      throw error
    }
    for (const { id, port } of nodes) options.onProgress(`kafka-${id} answers on ${host}:${port} (container)`)
    return cluster()
  }

  async kill(i: number): Promise<void> {
    const node = this.#node(i)
    if (node.down) return
    node.down = true
    const { container } = await getContainerRuntimeClient()
    await container.getById(node.container.getId()).kill({ signal: 'SIGKILL' })
    await container.getById(node.container.getId()).wait()
  }

  async pause(i: number): Promise<void> {
    const { container } = await getContainerRuntimeClient()
    await container.getById(this.#node(i).container.getId()).pause()
  }

  async resume(i: number): Promise<void> {
    const { container } = await getContainerRuntimeClient()
    await container.getById(this.#node(i).container.getId()).unpause()
  }

  async restart(i: number): Promise<void> {
    const node = this.#node(i)
    const { container } = await getContainerRuntimeClient()
    const handle = container.getById(node.container.getId())
    if (!node.down) await container.stop(handle, { timeout: stopTimeoutMs })
    await container.start(handle)
    node.down = false
    await awaitAnswer(node, this.#nodes)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.container.stop({ timeout: 0 })))
  }

  #node(i: number): Node {
    const node = this.#nodes[i]
    if (node === undefined) throw new RangeError(`There is no broker ${i}: the cluster has ${this.#nodes.length}`)
    return node
  }
}
