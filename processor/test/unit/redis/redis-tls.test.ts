import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { Certificates } from '@valence/testing/kafka/certificates'
import { expect, onTestFinished, test } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { connectRedis } from '../../../src/redis/redis-client.ts'
import { redisTls } from '../../../src/redis/redis-tls.ts'

/** A TLS server that requires a client certificate of the CA and answers INFO and PING. Resolves with its port. */
async function startRedis(certificates: Certificates): Promise<number> {
  const tls = { ...certificates.read('redis'), ca: certificates.read('authority').cert }
  const answer = (socket: TLSSocket) => {
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      for (const command of String(data).split(/(?=\*\d+\r\n)/)) {
        if (/\ninfo\r/i.test(command)) socket.write('$19\r\nredis_version:7.4.2\r\n')
        else socket.write(/\nping\r/i.test(command) ? '+PONG\r\n' : '+OK\r\n')
      }
    })
  }
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

async function makeCertificates(): Promise<Certificates> {
  const certificates = new Certificates()
  onTestFinished(() => certificates[Symbol.dispose]())
  await certificates.authority('authority')
  for (const name of ['redis', 'client']) await certificates.certify(name, { by: 'authority' })
  return certificates
}

function connect(port: number, environment: Record<string, string>) {
  const url = `rediss://127.0.0.1:${port}`
  const redis = connectRedis({ url, tls: redisTls(readConfig({ VALENCE_REDIS_URL: url, ...environment })) })
  onTestFinished(() => redis.disconnect())
  return redis
}

test('the client certificate is sent to Redis, and the CA is trusted', async () => {
  const certificates = await makeCertificates()
  const port = await startRedis(certificates)
  const redis = connect(port, {
    VALENCE_REDIS_TLS_CA_FILE: certificates.path('authority.crt'),
    VALENCE_REDIS_TLS_CERT_FILE: certificates.path('client.crt'),
    VALENCE_REDIS_TLS_KEY_FILE: certificates.path('client.key'),
  })
  await expect.poll(() => redis.status).toBe('ready')
  expect(await redis.ping()).toBe('PONG')
})

test.each([
  ['without a client certificate', true],
  ['without its authority', false],
])('%s there is no connection', async (_name, hasAuthority) => {
  const certificates = await makeCertificates()
  const port = await startRedis(certificates)
  const authority = { VALENCE_REDIS_TLS_CA_FILE: certificates.path('authority.crt') }
  const redis = connect(port, hasAuthority ? authority : {})
  await expect.poll(() => redis.status).toBe('reconnecting')
  await expect(redis.ping()).rejects.toThrow()
})

test('the error of an unreadable file names its setting', () => {
  const config = readConfig({ VALENCE_REDIS_URL: 'rediss://r', VALENCE_REDIS_TLS_CA_FILE: '/nowhere/ca.pem' })
  expect(() => redisTls(config)).toThrow('/nowhere/ca.pem (VALENCE_REDIS_TLS_CA_FILE)')
})

test('without TLS files there are no options', () => {
  expect(redisTls(readConfig({ VALENCE_REDIS_URL: 'redis://r' }))).toEqual({})
})
