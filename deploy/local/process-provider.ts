import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { retryTakenPorts } from './free-port.ts'
import { findJdk } from './jdk.ts'
import { fetchKafka, kafkaJavaMinimum } from './kafka-package.ts'
import { KafkaProcesses } from './kafka-processes.ts'
import { kafkaVersionOf, withoutKafka } from './kafka-version.ts'
import type { KafkaCluster, LocalStack, LocalStackOptions } from './local-stack.ts'
import { startRedis } from './redis-process.ts'
import { startRegistry } from './registry-process.ts'
import type { StackContext } from './stack-context.ts'
import { stackEnvironment } from './stack-environment.ts'
import { SupervisorClient } from './supervisor-client.ts'

/** Runs the parts as local processes from packages downloaded once; stop removes everything. */
export async function startProcessStack(options: LocalStackOptions): Promise<LocalStack> {
  const { parts = ['kafka', 'registry', 'redis'], onProgress = () => {}, ports = {} } = options
  if (options.directory !== undefined) await mkdir(options.directory, { recursive: true })
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), 'valence-stack-')))
  const supervisor = new SupervisorClient({
    ownedFolder: options.directory === undefined ? directory : undefined,
    onUnexpectedEnd: (part, end) =>
      onProgress(`${part.name} ended unexpectedly (${end.reason}); its log is ${part.log}`),
  })
  const context: StackContext = { supervisor, directory, onProgress }

  async function startKafka(): Promise<KafkaCluster> {
    const jdk = await findJdk(kafkaJavaMinimum, context)
    const kafka = await fetchKafka(kafkaVersionOf(options), jdk, context)
    const { kafkaNodes: nodes = 1, kafkaProperties: properties = {}, kafkaSecurity: security } = options
    const port = ports.kafka
    return retryTakenPorts(() => KafkaProcesses.start({ kafka, jdk, context, nodes, properties, security, port }))
  }

  try {
    const [kafka, registryUrl, redisUrl] = await Promise.all([
      parts.includes('kafka') ? startKafka() : withoutKafka,
      parts.includes('registry') ? retryTakenPorts(() => startRegistry(context, ports.registry)) : '',
      parts.includes('redis') ? retryTakenPorts(() => startRedis(context, ports.redis)) : '',
    ])
    const addresses = { brokers: kafka.brokers.join(','), registryUrl, redisUrl }
    const environment = stackEnvironment(addresses)
    return { ...addresses, provider: 'processes', environment, kafka, stop: () => supervisor.close() }
  } catch (error) {
    await supervisor.close()
    throw error
  }
}
