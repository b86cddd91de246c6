import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { readConfig, redactConfig } from '../../../src/config/config.ts'
import { settings } from '../../../src/config/settings.ts'

function problemsOf(environment: Record<string, string>): string {
  try {
    readConfig(environment)
  } catch (error) {
    return (error as Error).message
  }
  return 'no problem'
}

const bearer = (rest: Record<string, string>) => ({ VALENCE_KAFKA_SASL_MECHANISM: 'oauthbearer', ...rest })
const tokenClient = {
  VALENCE_KAFKA_SASL_OAUTH_TOKEN_URL: 'https://issuer/token',
  VALENCE_KAFKA_SASL_OAUTH_CLIENT_ID: 'valence',
  VALENCE_KAFKA_SASL_OAUTH_CLIENT_SECRET: 'hunter2',
}

describe('readConfig', () => {
  it.each([
    [{ VALENCE_OUTPUT_FIELD: 'a.b' }, 'VALENCE_OUTPUT_FIELD="a.b" must be letters'],
    [{ VALENCE_OUTPUT_FIELD_NUMBER: '19999' }, 'must not be one of 19000 to 19999'],
    [{ VALENCE_OUTPUT_FIELD_NUMBER: '536870912' }, 'VALENCE_OUTPUT_FIELD_NUMBER'],
    [{ VALENCE_OUTPUT_MODE: 'enrich', VALENCE_FEEDBACK_TOPIC: 'f' }, 'VALENCE_FEEDBACK_TOPIC needs the scored events'],
    [{ VALENCE_OUTPUT_MODE: 'enrich', VALENCE_HTTP_KAFKA_ENABLED: 'true' }, 'VALENCE_HTTP_KAFKA_ENABLED needs the'],
  ])('refuses %j for enriched records', (environment, problem) => {
    expect(problemsOf(environment)).toContain(problem)
    expect(problemsOf({ ...environment, VALENCE_OUTPUT_MODE: 'event' }) === 'no problem').toBe(
      'VALENCE_OUTPUT_MODE' in environment,
    )
  })

  it('has a default for every required setting', () => {
    const config = readConfig({})
    expect(config.kafkaBrokers).toEqual(['localhost:9092'])
    expect(config.inputTopics).toEqual(['sentiment.texts.v1'])
    expect(config.schemaRegistryUrl).toBeUndefined()
    expect(config.httpPort).toBe(8080)
    expect(Object.isFrozen(config)).toBe(true)
  })

  it.each([
    [1, 1],
    [64, 64],
    [384, 256],
  ])('is valid on a machine of %d cores: %d workers', async (cores, workers) => {
    vi.doMock('node:os', async (original) => ({ ...(await original<object>()), availableParallelism: () => cores }))
    vi.resetModules()
    onTestFinished(() => {
      vi.doUnmock('node:os')
      vi.resetModules()
    })
    const { readConfig: read } = await import('../../../src/config/config.ts')
    expect(read({}).inferenceWorkers).toBe(workers)
  })

  it('reads lists, numbers and flags', () => {
    const config = readConfig({
      VALENCE_KAFKA_BROKERS: 'a:1, b:2,',
      VALENCE_ADMIN_PORT: '0',
      VALENCE_KAFKA_TLS_ENABLED: 'true',
    })
    expect(config.kafkaBrokers).toEqual(['a:1', 'b:2'])
    expect(config.adminPort).toBe(0)
    expect(config.kafkaTlsEnabled).toBe(true)
  })

  it('treats an empty value as unset', () => {
    expect(readConfig({ VALENCE_REDIS_URL: '', VALENCE_HTTP_PORT: '' })).toMatchObject({ httpPort: 8080 })
  })

  it('names the nearest setting for an unknown one and ignores variables without the prefix', () => {
    expect(problemsOf({ VALENCE_KAFKA_BROKER: 'x:1', PATH: '/bin' })).toContain(
      'VALENCE_KAFKA_BROKER is not a setting; did you mean VALENCE_KAFKA_BROKERS?',
    )
  })

  it('ignores the settings of the development tools', () => {
    expect(problemsOf({ VALENCE_LOCAL_KAFKA_VERSION: '4.0.0', VALENCE_FAULTS_SEED: '7' })).toBe('no problem')
  })

  it('lists every problem at once', () => {
    const message = problemsOf({
      VALENCE_HTTP_PORT: 'eighty',
      VALENCE_LOG_LEVEL: 'loud',
      VALENCE_MODLE: 'x',
      VALENCE_SCHEMA_REGISTRY_URL: 'ftp://x',
    })
    for (const name of ['VALENCE_HTTP_PORT', 'VALENCE_LOG_LEVEL', 'VALENCE_MODLE', 'VALENCE_SCHEMA_REGISTRY_URL']) {
      expect(message).toContain(name)
    }
    expect(message.split('\n')).toHaveLength(5)
  })

  it.each([
    [{ VALENCE_OUTPUT_TOPIC: 'sentiment.texts.v1' }, 'must name different topics'],
    [{ VALENCE_OUTPUT_FORMAT: 'avro' }, 'needs VALENCE_SCHEMA_REGISTRY_URL'],
    [{ VALENCE_INPUT_FORMAT: 'avro' }, 'needs VALENCE_SCHEMA_REGISTRY_URL'],
    [{ VALENCE_KAFKA_SASL_USERNAME: 'me' }, 'set together or not at all'],
    [{ VALENCE_KAFKA_TLS_CERT_FILE: 'c.pem' }, 'set together or not at all'],
    [{ VALENCE_KAFKA_TLS_CA_FILE: 'ca.pem' }, 'need VALENCE_KAFKA_TLS_ENABLED=true'],
    [{ VALENCE_REDIS_TLS_KEY_FILE: 'k.pem' }, 'set together or not at all'],
    [{ VALENCE_REDIS_URL: 'redis://r', VALENCE_REDIS_TLS_CA_FILE: 'ca.pem' }, 'begins with rediss:'],
    [{ VALENCE_REDIS_NODES: 'r:1' }, 'needs VALENCE_REDIS_TOPOLOGY=sentinel or cluster'],
    [{ VALENCE_REDIS_TOPOLOGY: 'sentinel' }, 'needs VALENCE_REDIS_URL'],
    [{ VALENCE_REDIS_URL: 'redis://r/2', VALENCE_REDIS_TOPOLOGY: 'cluster' }, 'must not name a database'],
    [bearer({}), 'needs either'],
    [bearer({ VALENCE_KAFKA_SASL_OAUTH_TOKEN_URL: 'https://issuer/token' }), 'needs either'],
    [bearer({ ...tokenClient, VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE: 'token' }), 'needs either'],
    [bearer({ ...tokenClient, VALENCE_KAFKA_SASL_OAUTH_ASSERTION_KEY_FILE: 'k.pem' }), 'needs either'],
    [bearer({ VALENCE_KAFKA_SASL_OAUTH_ASSERTION_KEY_FILE: 'k.pem' }), 'needs either'],
    [{ VALENCE_KAFKA_SASL_OAUTH_EXTENSIONS: 'logicalCluster' }, 'must be name=value pairs'],
    [{ VALENCE_KAFKA_SASL_OAUTH_EXTENSIONS: 'a=1,a=2' }, 'each name once'],
    [
      { VALENCE_KAFKA_SASL_MECHANISM: 'aws-msk-iam', VALENCE_KAFKA_TLS_ENABLED: 'true' },
      'needs VALENCE_KAFKA_SASL_AWS',
    ],
    [{ VALENCE_KAFKA_SASL_MECHANISM: 'aws-msk-iam', VALENCE_KAFKA_SASL_AWS_REGION: 'x' }, 'TLS_ENABLED=true'],
    [{ VALENCE_SCHEMA_REGISTRY_TLS_KEY_FILE: 'k.pem' }, 'set together or not at all'],
    [{ VALENCE_SCHEMA_REGISTRY_URL: 'http://r', VALENCE_SCHEMA_REGISTRY_TLS_CA_FILE: 'c' }, 'begins with https:'],
    [{ VALENCE_SCHEMA_REGISTRY_USERNAME: 'me' }, 'set together or not at all'],
    [{ VALENCE_SCHEMA_REGISTRY_OAUTH_CLIENT_ID: 'me' }, 'set together or not at all'],
    [
      {
        VALENCE_SCHEMA_REGISTRY_TOKEN_FILE: 'token',
        VALENCE_SCHEMA_REGISTRY_USERNAME: 'me',
        VALENCE_SCHEMA_REGISTRY_PASSWORD: 'secret',
      },
      'exclude each other',
    ],
    [{ VALENCE_INPUT_TOPICS: ' , ' }, 'must name at least one'],
  ])('refuses %j', (environment, problem) => {
    expect(problemsOf(environment)).toContain(problem)
  })

  const noAddresses = [
    'localhost',
    'localhost:',
    ':9092',
    'localhost:0',
    'localhost:70000',
    'localhost:abc',
    'localhost:9092:1',
    '::1:9092',
    '[::1]',
    'kafka://localhost:9092',
    'localhost:9092/',
    'a:1,localhost',
    'local host:9092',
  ]

  it.each(['VALENCE_KAFKA_BROKERS', 'VALENCE_REDIS_NODES'])('refuses an address in %s that is no host:port', (name) => {
    for (const given of noAddresses)
      expect(problemsOf({ [name]: given }), given).toContain(`${name}=(not shown) must be host:port`)
    expect(problemsOf({ [name]: 'a:1,b,c:1' })).toContain('number 2 of 3')
  })

  it('accepts names, IPv4 addresses and IPv6 addresses in brackets', () => {
    const given = ['kafka-1.example.org:9092', 'under_score:1', '127.0.0.1:65535', '[::1]:9092', '[fe80::1%eth0]:9092']
    const config = readConfig({ VALENCE_KAFKA_BROKERS: given.join(',') })
    expect(config.kafkaBrokers).toEqual(given)
  })

  it('accepts a bearer token from a file or from the token endpoint', () => {
    expect(problemsOf(bearer(tokenClient))).toBe('no problem')
    expect(problemsOf(bearer({ VALENCE_KAFKA_SASL_OAUTH_TOKEN_FILE: 'token' }))).toBe('no problem')
    const { VALENCE_KAFKA_SASL_OAUTH_CLIENT_SECRET: _, ...keyClient } = tokenClient
    const signing = { ...keyClient, VALENCE_KAFKA_SASL_OAUTH_ASSERTION_KEY_FILE: 'k.pem' }
    expect(problemsOf(bearer(signing))).toBe('no problem')
  })

  it('prints no secret, neither in a problem nor in the printed configuration', () => {
    const environment = {
      VALENCE_KAFKA_SASL_MECHANISM: 'plain',
      VALENCE_KAFKA_SASL_USERNAME: 'me',
      VALENCE_KAFKA_SASL_PASSWORD: 'hunter2',
      VALENCE_REDIS_URL: 'redis://user:hunter2@localhost:6379',
    }
    expect(JSON.stringify(redactConfig(readConfig(environment)))).not.toContain('hunter2')
    expect(JSON.stringify(redactConfig(readConfig(bearer(tokenClient))))).not.toContain('hunter2')
    expect(problemsOf({ VALENCE_KAFKA_SASL_PASSWORD: 'hunter2' })).not.toContain('hunter2')
  })

  it('documents every setting', () => {
    for (const setting of Object.values(settings)) expect(setting.doc.length).toBeGreaterThan(10)
  })
})

describe('settings in milliseconds', () => {
  const names = Object.keys(settings).filter((name) => name.endsWith('_MS'))

  it.each(names)('%s refuses more than the longest delay of a timer', (name) => {
    expect(problemsOf({ [name]: '2147483648' })).toContain(name)
  })
})
