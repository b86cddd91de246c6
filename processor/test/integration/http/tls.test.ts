import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runFacade } from '../../support/facade-run.ts'

let folder: string

const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
const path = (name: string) => join(folder, name)

/** A certificate of its own authority, as `name.crt` and `name.key`. */
function certify(name: string, subject = name): void {
  openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.crt`,
    '-subj',
    `/CN=${subject}`,
    '-addext',
    'subjectAltName=IP:127.0.0.1',
  )
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'valence-tls-'))
  certify('server', 'first')
  certify('client')
  certify('stranger')
})
afterAll(() => rmSync(folder, { recursive: true }))

const settings = () => ({
  VALENCE_HTTP_TLS_CERT_FILE: path('server.crt'),
  VALENCE_HTTP_TLS_KEY_FILE: path('server.key'),
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

const identity = (name: string) => ({ cert: readFileSync(path(`${name}.crt`)), key: readFileSync(path(`${name}.key`)) })

describe('TLS', () => {
  it('answers, insists on itself, and takes a renewed certificate without a restart', async () => {
    await using run = await runFacade(settings())
    const first = await ask(run.facade.port)
    expect(first).toMatchObject({ status: 200, subject: 'first' })
    expect(first.headers['strict-transport-security']).toMatch(/max-age/)
    certify('server', 'second')
    await expect
      .poll(async () => (await ask(run.facade.port)).subject, { timeout: 20_000, interval: 300 })
      .toBe('second')
    await expect(fetch(`http://127.0.0.1:${run.facade.port}/v2/health/ready`)).rejects.toThrow()
  })

  it('asks clients for a certificate of the configured authority', async () => {
    await using run = await runFacade({ ...settings(), VALENCE_HTTP_TLS_CLIENT_CA_FILE: path('client.crt') })
    expect(await ask(run.facade.port, identity('client'))).toMatchObject({ status: 200 })
    await expect(ask(run.facade.port)).rejects.toThrow()
    await expect(ask(run.facade.port, identity('stranger'))).rejects.toThrow()
  })

  it('does not start with a certificate that cannot be read', async () => {
    const missing = { ...settings(), VALENCE_HTTP_TLS_CERT_FILE: path('none.crt') }
    await expect(runFacade(missing)).rejects.toMatchObject({ code: 'VAL_FILE_UNREADABLE' })
    await expect(runFacade({ VALENCE_HTTP_TLS_CERT_FILE: path('server.crt') })).rejects.toMatchObject({
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
