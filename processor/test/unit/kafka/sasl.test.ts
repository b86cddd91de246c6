import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readConfig } from '../../../src/config/config.ts'
import { saslOptions } from '../../../src/kafka/sasl.ts'

const folder = mkdtempSync(join(tmpdir(), 'valence-sasl-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Bearer = { readonly oauthBearerProvider: () => Promise<{ value: string }> }

function bearerFrom(path: string): Bearer {
  const environment = {
    VALENCE_KAFKA_SASL_MECHANISM: 'oauthbearer',
    VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE: path,
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
    expect(await oauthBearerProvider()).toEqual({ value: 'first' })
    writeFileSync(path, 'second')
    expect(await oauthBearerProvider()).toEqual({ value: 'second' })
  })

  it('names the file and its setting where there is none', async () => {
    const path = join(folder, 'missing')
    await expect(bearerFrom(path).oauthBearerProvider()).rejects.toMatchObject({
      code: 'VAL_FILE_UNREADABLE',
      detail: `${path} (VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE)`,
    })
  })
})
