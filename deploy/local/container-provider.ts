import { GenericContainer, getContainerRuntimeClient, Network, type StartedTestContainer, Wait } from 'testcontainers'
import { images } from './images.ts'
import { KafkaContainers } from './kafka-containers.ts'
import { kafkaVersionOf, withoutKafka } from './kafka-version.ts'
import type { KafkaCluster, LocalStack, LocalStackOptions } from './local-stack.ts'
import { confluentPath } from './registry-process.ts'
import { stackEnvironment } from './stack-environment.ts'

const probeTimeoutMs = 3000
const registryPort = 8080
const redisPort = 6379

/** Whether a Docker engine answers, by any way that Testcontainers supports (DOCKER_HOST, contexts, sockets). */
export async function hasContainerRuntime(): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, probeTimeoutMs, false)
  })
  const answer = getContainerRuntimeClient().then(
    () => true,
    () => false,
  )
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

function exposed(container: number, host: number | undefined) {
  return host === undefined ? container : { container, host }
}

function startRegistry(port: number | undefined): Promise<StartedTestContainer> {
  return new GenericContainer(images.registry)
    .withExposedPorts(exposed(registryPort, port))
    .withWaitStrategy(Wait.forHttp(`${confluentPath}/subjects`, registryPort).forStatusCode(200))
    .start()
}

function startRedis(port: number | undefined): Promise<StartedTestContainer> {
  return new GenericContainer(images.redis)
    .withExposedPorts(exposed(redisPort, port))
    .withCommand(['redis-server', '--save', '', '--appendonly', 'no'])
    .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
    .start()
}

/**
 * Runs the parts in containers. The reaper of Testcontainers removes containers that outlive this process, so no
 * supervisor is needed.
 */
export async function startContainerStack(options: LocalStackOptions): Promise<LocalStack> {
  const { parts = ['kafka', 'registry', 'redis'], ports = {}, onProgress = () => {} } = options
  const network = await new Network().start()
  const undo: (() => Promise<unknown>)[] = []

  async function started<T extends { stop(): Promise<unknown> }>(part: Promise<T>): Promise<T> {
    const running = await part
    undo.push(() => running.stop())
    return running
  }

  async function stop(): Promise<void> {
    await Promise.all(undo.map((undoOne) => undoOne()))
    await network.stop()
  }

  function startKafka(): Promise<KafkaCluster> {
    const { kafkaNodes: nodes = 1, kafkaProperties: properties = {} } = options
    const version = kafkaVersionOf(options)
    return started(KafkaContainers.start({ version, network, nodes, properties, port: ports.kafka, onProgress }))
  }

  const starting = [
    parts.includes('kafka') ? startKafka() : withoutKafka,
    parts.includes('registry') ? started(startRegistry(ports.registry)) : undefined,
    parts.includes('redis') ? started(startRedis(ports.redis)) : undefined,
  ] as const
  try {
    const [kafka, registry, redis] = await Promise.all(starting)
    const addresses = {
      brokers: kafka.brokers.join(','),
      registryUrl: registry
        ? `http://${registry.getHost()}:${registry.getMappedPort(registryPort)}${confluentPath}`
        : '',
      redisUrl: redis ? `redis://${redis.getHost()}:${redis.getMappedPort(redisPort)}` : '',
    }
    for (const [name, value] of Object.entries(stackEnvironment(addresses))) onProgress(`${name}=${value}`)
    const environment = stackEnvironment(addresses)
    return { ...addresses, provider: 'testcontainers', environment, kafka, stop }
  } catch (error) {
    await Promise.allSettled(starting)
    await stop()
    throw error
  }
}
