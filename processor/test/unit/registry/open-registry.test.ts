import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Certificates } from '@valence/testing/kafka/certificates'
import { type FakeRequest, startFakeRegistry } from '@valence/testing/parts/fake-registry'
import { TokenEndpoint } from '@valence/testing/parts/token-endpoint'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { openRegistry } from '../../../src/registry/open-registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'valence-registry-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The headers of the first request that a registry gets from a client with these settings. */
async function headersSent(settings: Record<string, string>): Promise<FakeRequest['headers']> {
  let headers: FakeRequest['headers'] = {}
  await using fake = await startFakeRegistry((request) => {
    headers = request.headers
    return { status: 200, body: [] }
  })
  await openRegistry(readConfig({ VALENCE_SCHEMA_REGISTRY_URL: fake.url, ...settings }))?.ping()
  return headers
}

describe('openRegistry', () => {
  it('is nothing where no registry is configured', () => {
    expect(openRegistry(readConfig({}))).toBeUndefined()
  })

  it('sends user and password', async () => {
    const headers = await headersSent({
      VALENCE_SCHEMA_REGISTRY_USERNAME: 'me',
      VALENCE_SCHEMA_REGISTRY_PASSWORD: 'secret',
    })
    expect(headers.authorization).toBe(`Basic ${Buffer.from('me:secret').toString('base64')}`)
  })

  it('sends the token of a file and the headers of the configuration', async () => {
    const path = join(folder, 'token')
    writeFileSync(path, 'one\n')
    const headers = await headersSent({
      VALENCE_SCHEMA_REGISTRY_TOKEN_FILE: path,
      VALENCE_SCHEMA_REGISTRY_HEADERS: 'target-sr-cluster=lsrc-1,Confluent-Identity-Pool-Id=pool-2',
    })
    expect(headers).toMatchObject({
      authorization: 'Bearer one',
      'target-sr-cluster': 'lsrc-1',
      'confluent-identity-pool-id': 'pool-2',
    })
  })

  it('sends the token of an issuer', async () => {
    await using endpoint = await TokenEndpoint.start(() => ({
      status: 200,
      body: { access_token: 'issued', token_type: 'bearer', expires_in: 100 },
    }))
    const headers = await headersSent({
      VALENCE_SCHEMA_REGISTRY_OAUTH_TOKEN_URL: endpoint.url,
      VALENCE_SCHEMA_REGISTRY_OAUTH_CLIENT_ID: 'me',
      VALENCE_SCHEMA_REGISTRY_OAUTH_CLIENT_SECRET: 'secret',
      VALENCE_SCHEMA_REGISTRY_OAUTH_SCOPE: 'schemas',
    })
    expect(headers.authorization).toBe('Bearer issued')
    expect(endpoint.requests[0]?.form.get('scope')).toBe('schemas')
  })

  it('condemns no record where a token cannot be had', async () => {
    await using fake = await startFakeRegistry(() => ({ status: 200, body: [] }))
    const registry = openRegistry(
      readConfig({
        VALENCE_SCHEMA_REGISTRY_URL: fake.url,
        VALENCE_SCHEMA_REGISTRY_TOKEN_FILE: join(folder, 'missing'),
      }),
    )
    await expect(registry?.load(7)).rejects.toMatchObject({
      code: 'VAL_REGISTRY_UNAVAILABLE',
      detail: expect.stringContaining('VALENCE_SCHEMA_REGISTRY_TOKEN_FILE'),
    })
    expect(fake.requests).toEqual([])
  })

  it('trusts the authority of the configuration, and shows its own certificate', async () => {
    using certificates = new Certificates()
    await certificates.authority('authority')
    await certificates.certify('server', { by: 'authority' })
    await certificates.certify('client', { by: 'authority' })
    const { cert: ca } = certificates.read('authority')
    const options = { ...certificates.read('server'), ca, requestCert: true, rejectUnauthorized: true }
    const server = createServer(options, (_request, response) => response.end('[]'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
    const trusting = {
      VALENCE_SCHEMA_REGISTRY_URL: url,
      VALENCE_SCHEMA_REGISTRY_TLS_CA_FILE: certificates.path('authority.crt'),
    }
    const proven = {
      ...trusting,
      VALENCE_SCHEMA_REGISTRY_TLS_CERT_FILE: certificates.path('client.crt'),
      VALENCE_SCHEMA_REGISTRY_TLS_KEY_FILE: certificates.path('client.key'),
    }
    await openRegistry(readConfig(proven))?.ping()
    for (const lacking of [trusting, { VALENCE_SCHEMA_REGISTRY_URL: url }]) {
      await expect(openRegistry(readConfig(lacking))?.ping()).rejects.toMatchObject({
        code: 'VAL_REGISTRY_UNAVAILABLE',
      })
    }
    server.closeAllConnections()
    server.close()
  })
})
