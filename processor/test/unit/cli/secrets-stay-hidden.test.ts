import { runValence } from '@valence/testing/processes/cli-run'
import { describe, expect, it } from 'vitest'
import { readConfig, redactConfig } from '../../../src/config/config.ts'
import { addressSettings, hideSecrets, secretsOf } from '../../../src/config/redaction.ts'
import type { Setting } from '../../../src/config/setting.ts'
import { settings } from '../../../src/config/settings.ts'
import { createLogger } from '../../../src/observability/logger.ts'

const marker = 'MARKER5up3rS3cret'

/** Where a secret can be in an address, valid and not. */
const places = [
  `SCHEME://me:${marker}@127.0.0.1:1/x`,
  `SCHEME://${marker}@127.0.0.1:1/x`,
  `SCHEME://127.0.0.1:1/x/model.json?sig=${marker}`,
  `SCHEME://127.0.0.1:1/x/model.json?X-Amz-Signature=${marker}&b=c`,
  `SCHEME://127.0.0.1:1/x/model.json#${marker}`,
  `SCHEME://127.0.0.1:1/hooks/${marker}/model.json`,
  `SCHEME://127.0.0.1:1/${marker}`,
  `SCHEME//127.0.0.1:1/hooks/${marker}/model.json`,
  `SCHEME//me:${marker}@127.0.0.1:1`,
  `SCHEME//${marker}@127.0.0.1:1`,
  `SCHEME:/me:${marker}/x@127.0.0.1:1?token=${marker}`,
  `SCHEME://me:${marker}@127.0.0.1:port/`,
  `SCHEME://me:pass/${marker}@127.0.0.1:1/`,
  `SCHEME://[me:${marker}@127.0.0.1/?a=${marker}`,
  `me:${marker}@127.0.0.1:1`,
  `nonsense ${marker} "in quotes"`,
]

const schemes: Readonly<Record<string, string>> = { VALENCE_REDIS_URL: 'redis', VALENCE_KAFKA_BROKERS: 'kafka' }
const locations = [...addressSettings].map((name) => [name] as const)
const secrets = Object.entries(settings).filter(([, setting]: [string, Setting]) => setting.secret)

const withScheme = (name: string, place: string) => place.replace('SCHEME', schemes[name] ?? 'https')

const cases = locations.flatMap(([name]) => places.map((place) => [name, withScheme(name, place)] as const))

/** What is no address at all cannot be told from any other text; a model may be a folder of that name. */
const isAddress = (value: string) => !value.startsWith('nonsense')

/** Neither Kafka nor a registry nor Redis is there, so that every error path is gone. */
const nothing = {
  VALENCE_KAFKA_BROKERS: '127.0.0.1:1',
  VALENCE_MODEL: '/nowhere',
  VALENCE_MODEL_CONNECT_TIMEOUT_MS: '50',
  VALENCE_MODEL_TIMEOUT_MS: '200',
}

const run = (args: readonly string[], environment: Readonly<Record<string, string>>) =>
  runValence(args, { environment })

describe('a secret in the configuration', () => {
  it('can be in these settings', () => {
    expect(locations.map(([name]) => name)).toEqual(
      expect.arrayContaining(['VALENCE_MODEL', 'VALENCE_AUTH_JWKS_URL', 'VALENCE_REDIS_URL', 'VALENCE_KAFKA_BROKERS']),
    )
    const addresses = Object.keys(settings).filter((name) => /(URL|URI_ALLOW|ENDPOINT|BROKERS|NODES)$/.test(name))
    expect(locations.map(([name]) => name)).toEqual(expect.arrayContaining(addresses))
  })

  it.each(cases)('is not in the errors and not in the log of the settings: %s=%s', (name, value) => {
    hideSecrets(secretsOf({ [name]: value }))
    const lines: string[] = []
    const logger = createLogger('info', { write: (line) => void lines.push(line) })
    try {
      const config = readConfig({ [name]: value })
      if (isAddress(value)) expect(JSON.stringify(redactConfig(config))).not.toContain(marker)
      logger.info({ config: redactConfig(config), raw: config }, 'starting')
    } catch (err) {
      expect((err as Error).message).not.toContain(marker)
      logger.error({ err }, 'refused')
    }
    expect(lines).toHaveLength(1)
    if (isAddress(value)) expect(lines.join()).not.toContain(marker)
  })

  it('is not in the log when a library quotes the address in an error', () => {
    for (const [name, value] of cases) {
      hideSecrets(secretsOf({ [name]: value }))
      const lines: string[] = []
      const cause = new TypeError(`Request cannot be constructed from a URL that includes credentials: ${value}`)
      const logger = createLogger('info', { write: (line) => void lines.push(line) })
      logger.warn({ err: new Error('fetch failed', { cause }), detail: value, at: { url: value } }, 'not fetched')
      if (isAddress(value)) expect(lines.join(), `${name}=${value}`).not.toContain(marker)
    }
  })

  it.each(places.filter(isAddress))(
    'is not in what doctor prints, about all addresses at once: %s',
    { timeout: 20_000 },
    async (place) => {
      const isValid = ([name, value]: readonly [string, string]) =>
        (settings as Record<string, Setting>)[name]?.schema.safeParse(value).success === true
      const own = locations.map(([name]) => [name, withScheme(name, place)] as const)
      const given = own.filter(([name]) => name !== 'VALENCE_REDIS_URL')
      for (const environment of [given.filter(isValid), own.filter((one) => !isValid(one))]) {
        if (environment.length === 0) continue
        for (const form of [['doctor'], ['doctor', '--json']]) {
          const { stdout, stderr } = await run(form, { ...nothing, ...Object.fromEntries(environment) })
          expect(stdout).toContain('config')
          expect(stdout + stderr).not.toContain(marker)
        }
      }
    },
  )

  it('is not in what doctor prints about Redis', { timeout: 20_000 }, async () => {
    const { stdout } = await run(['doctor'], { ...nothing, VALENCE_REDIS_URL: `redis://me:${marker}@127.0.0.1:1/` })
    expect(stdout).toContain('redis')
    expect(stdout).not.toContain(marker)
  })

  it('is not in the errors of commands that are given an address', async () => {
    for (const place of places) {
      const uri = place.replace('SCHEME', 'https')
      for (const args of [
        ['model', 'pull', uri],
        ['top', '--once', '--admin', uri],
        ['bulk', uri],
      ]) {
        const { code, stdout, stderr } = await run(args, nothing)
        expect(code).not.toBe(0)
        if (isAddress(uri)) expect(stdout + stderr, args.join(' ')).not.toContain(marker)
      }
    }
  }, 60_000)

  it.each(secrets)('is never printed where the whole setting is one: %s', async (name) => {
    const { stdout, stderr } = await run(['doctor'], { ...nothing, [name]: marker })
    expect(stdout + stderr).not.toContain(marker)
  })
})
