import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { findFreePorts } from '../../../local/free-port.ts'
import { probeRedis } from '../../../local/redis-process.ts'
import { startLocalStack } from '../../../local/stack.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

beforeEach(() => {
  vi.stubEnv('VALENCE_KAFKA_BROKERS', '')
  vi.stubEnv('VALENCE_LOCAL_PROVIDER', 'processes')
})
afterEach(() => void vi.unstubAllEnvs())

test('a broker that refuses its configuration says why, and takes the parts that did start down with it', async () => {
  const temporary = await temporaryFolder()
  vi.stubEnv('TMPDIR', temporary)
  const [redis = 0] = await findFreePorts(1)
  const starting = startLocalStack({
    parts: ['kafka', 'redis'],
    ports: { redis },
    kafkaProperties: { 'num.io.threads': 'several' },
  })
  await expect(starting).rejects.toThrow(/kafka-1 ended .* before it answered:.*num\.io\.threads/s)
  await expect(probeRedis('127.0.0.1', redis)).rejects.toThrow('ECONNREFUSED')
  expect(await readdir(temporary)).toEqual([])
})

test('an occupied port is named before anything runs on it', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  await expect(startLocalStack({ parts: ['redis'], ports: { redis: port } })).rejects.toThrow(
    `Port ${port}, which Redis was to have, is occupied`,
  )
})

test('a given folder keeps its logs after the stop', async () => {
  const directory = join(await temporaryFolder(), 'kept')
  const lines: string[] = []
  const stack = await startLocalStack({ parts: ['redis'], directory, onProgress: (line) => lines.push(line) })
  expect(lines.at(-1)).toMatch(/^redis answers on 127\.0\.0\.1:\d+ \(\d+ ms\)$/)
  await stack.stop()
  expect(await readdir(join(directory, 'redis'))).toContain('redis.log')
})
