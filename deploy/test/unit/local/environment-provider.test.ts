import { createServer } from 'node:http'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { assertAnswers } from '../../../local/environment-provider.ts'
import { findFreePorts } from '../../../local/free-port.ts'
import { startLocalStack } from '../../../local/stack.ts'
import { tcpServer } from '../../support/tcp-server.ts'

afterEach(() => void vi.unstubAllEnvs())

const redis = (reply: string) => tcpServer((socket) => void socket.once('data', () => socket.write(reply)))

async function registry(status: number): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end('[]'))
  onTestFinished(() => void server.close())
  const [port = 0] = await findFreePorts(1)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return `http://127.0.0.1:${port}/apis/ccompat/v7`
}

describe('what the environment names must answer', () => {
  test('Redis, with a password or without', async () => {
    for (const reply of ['+PONG\r\n', '-NOAUTH Authentication required.\r\n']) {
      await assertAnswers({ VALENCE_REDIS_URL: `redis://127.0.0.1:${await redis(reply)}` })
    }
  })

  test('something else on the port of Redis is not taken for it', async () => {
    const url = `redis://127.0.0.1:${await redis('HTTP/1.1 400 Bad Request\r\n')}`
    await expect(assertAnswers({ VALENCE_REDIS_URL: url })).rejects.toThrow(
      /^VALENCE_REDIS_URL=redis:.* does not answer: unexpected answer "HTTP/,
    )
  })

  test('a registry that answers with an error', async () => {
    await assertAnswers({ VALENCE_SCHEMA_REGISTRY_URL: await registry(200) })
    const url = await registry(503)
    await expect(assertAnswers({ VALENCE_SCHEMA_REGISTRY_URL: url })).rejects.toThrow('the registry answers 503')
  })

  test('no broker at all', async () => {
    const ports = await findFreePorts(2)
    const brokers = ports.map((port) => `127.0.0.1:${port}`).join(', ')
    await expect(assertAnswers({ VALENCE_KAFKA_BROKERS: brokers })).rejects.toThrow(
      /^VALENCE_KAFKA_BROKERS=.* does not answer: connect ECONNREFUSED/,
    )
  })
})

test('a test run takes VALENCE_KAFKA_BROKERS before every other way, and leaves it alone at stop', async () => {
  vi.stubEnv('VALENCE_KAFKA_BROKERS', '10.1.2.3:9092,10.1.2.4:9092')
  vi.stubEnv('VALENCE_REDIS_URL', `redis://127.0.0.1:${await redis('+PONG\r\n')}`)
  const stack = await startLocalStack({ parts: ['redis'], fromEnvironment: true })
  expect(stack.provider).toBe('environment')
  expect(Object.keys(stack.environment)).toEqual(['VALENCE_REDIS_URL'])
  await expect(stack.kafka.kill(0)).rejects.toThrow('unset VALENCE_KAFKA_BROKERS')
  await stack.stop()
})
