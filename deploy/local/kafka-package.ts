import { copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Jdk } from './jdk.ts'
import { downloadWithMaven } from './maven.ts'
import { cachedFolder } from './package-cache.ts'
import { formatProperties } from './properties.ts'
import type { StackContext } from './stack-context.ts'

export const kafkaJavaMinimum = 17

export interface KafkaPackage {
  readonly version: string
  readonly classPath: string
  /** What `kafka-storage format` writes for this version: the feature levels of a new cluster. */
  readonly bootstrapCheckpoint: string
}

export const fastStartFlags = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto']

/** Writes `bootstrap.checkpoint` into the folder. @param options further arguments of `kafka-storage format` */
export async function writeBootstrapCheckpoint(
  { folder, classPath, options = [] }: { folder: string; classPath: string; options?: readonly string[] },
  jdk: Jdk,
  { supervisor, directory }: StackContext,
): Promise<string> {
  const logs = join(folder, 'formatted')
  const config = join(folder, 'format.properties')
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': '1@127.0.0.1:9093',
    listeners: 'PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': logs,
  }
  await writeFile(config, formatProperties(properties))
  const format = ['kafka.tools.StorageTool', 'format', '--cluster-id', 'AAAAAAAAAAAAAAAAAAAAAQ', '--config', config]
  const args = [...fastStartFlags, '-cp', classPath, ...format, ...options]
  const log = join(directory, 'format-kafka.log')
  const { code, output } = await supervisor.run({ name: 'kafka-storage', command: jdk.java, args, directory, log })
  if (code !== 0) throw new Error(`Kafka cannot format a log folder:\n${output}`)
  const checkpoint = join(folder, 'bootstrap.checkpoint')
  await copyFile(join(logs, 'bootstrap.checkpoint'), checkpoint)
  await rm(logs, { recursive: true })
  await rm(config)
  return checkpoint
}

/** The broker's classes in the cache, downloaded on first use. */
export async function fetchKafka(version: string, jdk: Jdk, context: StackContext): Promise<KafkaPackage> {
  const folder = await cachedFolder(`kafka-${version}`, async (target) => {
    context.onProgress(`fetching Apache Kafka ${version} (43 MB, once)`)
    const lib = join(target, 'lib')
    const properties = { 'kafka.version': version }
    await downloadWithMaven({ profile: 'kafka', goal: 'copy-dependencies', folder: lib, properties }, context)
    // Only `meta.properties` differs between brokers, in three lines, so it is written without a second Java start.
    await writeBootstrapCheckpoint({ folder: target, classPath: join(lib, '*') }, jdk, context)
  })
  return { version, classPath: join(folder, 'lib', '*'), bootstrapCheckpoint: join(folder, 'bootstrap.checkpoint') }
}

/** Formats `logs` as the log folder of node `nodeId`, unless it is already formatted. */
export async function formatLogs(
  kafka: KafkaPackage,
  { logs, nodeId, clusterId }: { logs: string; nodeId: number; clusterId: string },
): Promise<void> {
  const meta = join(logs, 'meta.properties')
  if (await readFile(meta).catch(() => undefined)) return
  await mkdir(logs, { recursive: true })
  await copyFile(kafka.bootstrapCheckpoint, join(logs, 'bootstrap.checkpoint'))
  await writeFile(meta, formatProperties({ version: '1', 'cluster.id': clusterId, 'node.id': String(nodeId) }))
}
