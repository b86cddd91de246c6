import { request } from 'node:https'
import type { TLSSocket } from 'node:tls'
import { Certificates } from '@valence/testing/kafka/certificates'
import { runFacade } from '@valence/testing/processes/facade-run'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const certificates = new Certificates()

beforeAll(async () => {
  await certificates.certify('server', { subject: 'first' })
  await certificates.authority('authority')
  await certificates.certify('client', { by: 'authority' })
  await certificates.certify('stranger')
})
afterAll(() => certificates[Symbol.dispose]())

const settings = () => ({
  VALENCE_HTTP_TLS_CERT_FILE: certificates.path('server.crt'),
  VALENCE_HTTP_TLS_KEY_FILE: certificates.path('server.key'),
})

/** The status and whom the server says it is, over a connection of its own. */
function ask(port: number, client: { cert?: Buffer; key?: Buffer } = {}) {
  return new Promise<{ status: number; subject: string; headers: NodeJS.Dict<string | string[]> }>(
    (resolve, reject) => {
      const call = request(
        { host: '127.0.0.1', port, path: '/v2/health/ready', agent: false, rejectUnauthorized: false, ...client },
        (response) => {
          const subject = String((response.socket as TLSSocket).getPeerCertificate().subject.CN)
          resolve({ status: response.statusCode ?? 0, subject, headers: response.headers })
          response.resume()
        },
      )
      call.on('error', reject).end()
    },
  )
}

describe('TLS', () => {
  it('answers, insists on itself, and takes a renewed certificate without a restart', async () => {
    await using run = await runFacade(settings())
    const first = await ask(run.facade.port)
    expect(first).toMatchObject({ status: 200, subject: 'first' })
    expect(first.headers['strict-transport-security']).toMatch(/max-age/)
    expect(await run.metric('valence_http_certificate_expiry_seconds')).toBeGreaterThan(Date.now() / 1_000)
    await certificates.certify('server', { subject: 'second' })
    await expect
      .poll(async () => (await ask(run.facade.port)).subject, { timeout: 20_000, interval: 300 })
      .toBe('second')
    await expect(fetch(`http://127.0.0.1:${run.facade.port}/v2/health/ready`)).rejects.toThrow()
  })

  it('asks clients for a certificate of the configured authority', async () => {
    await using run = await runFacade({
      ...settings(),
      VALENCE_HTTP_TLS_CLIENT_CA_FILE: certificates.path('authority.crt'),
    })
    expect(await ask(run.facade.port, certificates.read('client'))).toMatchObject({ status: 200 })
    await expect(ask(run.facade.port)).rejects.toThrow()
    await expect(ask(run.facade.port, certificates.read('stranger'))).rejects.toThrow()
  })

  it('does not start with a certificate that cannot be read', async () => {
    const missing = { ...settings(), VALENCE_HTTP_TLS_CERT_FILE: certificates.path('none.crt') }
    await expect(runFacade(missing)).rejects.toMatchObject({ code: 'VAL_FILE_UNREADABLE' })
    await expect(runFacade({ VALENCE_HTTP_TLS_CERT_FILE: certificates.path('server.crt') })).rejects.toMatchObject({
      code: 'VAL_CONFIG_INVALID',
    })
  })
})

describe('starting', () => {
  it('refuses to be open to everybody, and jwt without an issuer', async () => {
    await expect(runFacade({ VALENCE_HTTP_HOST: '0.0.0.0' })).rejects.toMatchObject({ code: 'VAL_CONFIG_INVALID' })
    await expect(runFacade({ VALENCE_AUTH_MODE: 'jwt' })).rejects.toMatchObject({ code: 'VAL_CONFIG_INVALID' })
    await expect(runFacade({ VALENCE_AUTH_MODE: 'api-key' })).rejects.toMatchObject({ code: 'VAL_CONFIG_INVALID' })
    await using forced = await runFacade({ VALENCE_HTTP_HOST: '0.0.0.0', VALENCE_AUTH_ALLOW_INSECURE: 'true' })
    expect((await forced.score('a')).status).toBe(200)
  })
})
