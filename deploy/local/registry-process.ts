import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { awaitAnswer } from './await-answer.ts'
import { choosePorts, findFreePorts } from './free-port.ts'
import { findJdk } from './jdk.ts'
import { fastStartFlags } from './kafka-package.ts'
import { downloadWithMaven } from './maven.ts'
import { cachedFolder } from './package-cache.ts'
import type { StackContext } from './stack-context.ts'

const version = '3.3.3'
const javaMinimum = 21

/** Path of the Confluent-compatible API. */
export const confluentPath = '/apis/ccompat/v7'

/** Resolves when the URL answers with a 2xx status. */
export async function probeRegistry(url: string): Promise<void> {
  const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(2000) })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`the registry answers ${response.status}`)
}

/** Starts Apicurio Registry with its data in memory; resolves to its base URL when it answers. */
export async function startRegistry(context: StackContext, port?: number): Promise<string> {
  const { supervisor, directory, onProgress } = context
  const jdk = await findJdk(javaMinimum, context)
  const package_ = await cachedFolder(`apicurio-registry-${version}`, (folder) => {
    onProgress(`fetching Apicurio Registry ${version} (170 MB, once)`)
    return downloadWithMaven({ profile: 'registry', goal: 'unpack-dependencies', folder }, context)
  })
  const [httpPort = 0] = await choosePorts('the registry', 1, port)
  const [managementPort = 0] = await findFreePorts(1)
  const folder = join(directory, 'registry')
  await mkdir(folder, { recursive: true })
  const startedAt = Date.now()
  const settings = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': httpPort,
    'quarkus.management.host': '127.0.0.1',
    'quarkus.management.port': managementPort,
  }
  const part = await supervisor.start({
    name: 'registry',
    command: jdk.java,
    args: [
      ...['-Xmx384m', ...fastStartFlags],
      ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
      ...['-jar', join(package_, 'quarkus-run.jar')],
    ],
    directory: folder,
    log: join(folder, 'registry.log'),
  })
  const url = `http://127.0.0.1:${httpPort}${confluentPath}`
  await awaitAnswer(part, () => probeRegistry(url))
  onProgress(`registry answers on ${url} (Apicurio ${version}, ${Date.now() - startedAt} ms)`)
  return url
}
