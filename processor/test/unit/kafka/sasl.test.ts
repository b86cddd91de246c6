import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runScript } from '@valence/testing/kafkajs/run-script'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { saslOptions } from '../../../src/kafka/sasl.ts'

const folder = mkdtempSync(join(tmpdir(), 'valence-sasl-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.unstubAllEnvs())

type Bearer = { readonly oauthBearerProvider: () => Promise<{ value: string; extensions: Record<string, string> }> }

function bearerFrom(path: string, rest: Record<string, string> = {}): Bearer {
  const environment = {
    VALENCE_KAFKA_SASL_MECHANISM: 'oauthbearer',
    VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE: path,
    ...rest,
  }
  return saslOptions(readConfig(environment)) as unknown as Bearer
}

describe('saslOptions', () => {
  it('is nothing where nothing is set', () => {
    expect(saslOptions(readConfig({}))).toBeUndefined()
  })

  it('hands user and password over', () => {
    const environment = {
      VALENCE_KAFKA_SASL_MECHANISM: 'scram-sha-512',
      VALENCE_KAFKA_SASL_USERNAME: 'me',
      VALENCE_KAFKA_SASL_PASSWORD: 'secret',
    }
    expect(saslOptions(readConfig(environment))).toEqual({
      mechanism: 'scram-sha-512',
      username: 'me',
      password: 'secret',
    })
  })

  it('reads the token at every login', async () => {
    const path = join(folder, 'token')
    const { oauthBearerProvider } = bearerFrom(path)
    writeFileSync(path, 'first\n')
    expect(await oauthBearerProvider()).toEqual({ value: 'first', extensions: {} })
    writeFileSync(path, 'second')
    expect(await oauthBearerProvider()).toEqual({ value: 'second', extensions: {} })
  })

  it('names the file and its setting where there is none', async () => {
    const path = join(folder, 'missing')
    await expect(bearerFrom(path).oauthBearerProvider()).rejects.toMatchObject({
      code: 'VAL_FILE_UNREADABLE',
      detail: `${path} (VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE)`,
    })
  })

  it('hands extensions over', async () => {
    const path = join(folder, 'token')
    writeFileSync(path, 'first')
    const extensions = { VALENCE_KAFKA_SASL_OAUTH_EXTENSIONS: 'logicalCluster=lkc-1, identityPoolId=pool-2' }
    expect((await bearerFrom(path, extensions).oauthBearerProvider()).extensions).toEqual({
      logicalCluster: 'lkc-1',
      identityPoolId: 'pool-2',
    })
  })

  it('signs a token for Amazon MSK with the AWS credentials of the environment', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI')
    const script = new URL('msk-token.script.ts', import.meta.url)
    const value = await runScript<string>(script, { region: 'eu-central-1' })
    const signed = new URL(Buffer.from(value, 'base64url').toString())
    expect(signed.host).toBe('kafka.eu-central-1.amazonaws.com')
    expect(signed.searchParams.get('Action')).toBe('kafka-cluster:Connect')
    expect(signed.searchParams.get('X-Amz-Credential')).toMatch(/^AKIDEXAMPLE\/\d{8}\/eu-central-1\/kafka-cluster\//)
    expect(signed.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/)
  })
})
