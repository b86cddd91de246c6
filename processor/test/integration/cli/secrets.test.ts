import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { TestKafka, type TestTopics } from '@valence/testing/counting/workload'
import { type ModelRegistry, startModelRegistry } from '@valence/testing/models/model-registry'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllCommands, startCli } from '@valence/testing/processes/cli-process'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { addressSettings } from '../../../src/config/redaction.ts'
import type { Setting } from '../../../src/config/setting.ts'
import { settings } from '../../../src/config/settings.ts'

/** In every secret, so that one search finds each of them. None is part of another, which would be hidden with it. */
const mark = 'MARKER5up3rS3cret'
const secret = (where: string) => `${where}0${mark}0${where}`
const [password, inPath, inQuery, whole] = ['password', 'path', 'query', 'whole'].map(secret) as [
  string,
  string,
  string,
  string,
]
/** What basic authentication makes of one. */
const encodedMark = Buffer.from(`me:${password}`).toString('base64').slice(0, 40)
const secretSettings = Object.entries(settings).flatMap(([name, own]: [string, Setting]) => (own.secret ? [name] : []))
const setAll = (names: Iterable<string>, value: string) => Object.fromEntries([...names].map((name) => [name, value]))

let kafka: TestKafka
let topics: TestTopics
let model: Awaited<ReturnType<typeof writeTinyModel>>
let models: ModelRegistry
/** Refuses everything, and quotes what it was asked, as a proxy in a bad mood would. */
let grumbler: Server

beforeAll(async () => {
  kafka = await TestKafka.connect(inject('stack').brokers)
  topics = await kafka.createTopics({ partitions: 1 })
  model = await writeTinyModel()
  models = await startModelRegistry(model.folder, `/hooks/${inPath}/`)
  grumbler = createServer((request, response) => {
    const asked = `http://${request.headers.host}${request.url} ${request.headers.authorization}`
    response.writeHead(403, { 'content-type': 'text/plain' }).end(`no, not for ${asked}`)
  })
  await once(grumbler.listen(0, '127.0.0.1'), 'listening')
})
afterAll(async () => {
  killAllCommands()
  grumbler.closeAllConnections()
  grumbler.close()
  await models.close()
  await model.remove()
  await kafka.close()
})

const grumblerUrl = (path: string) =>
  `http://me:${password}@127.0.0.1:${(grumbler.address() as AddressInfo).port}/${path}`
const withPassword = (url: string) => url.replace('://', `://me:${password}@`)

/** Everything that a processor and a facade can reach with credentials, all of them in its URLs. */
const reachable = () => ({
  ...topics.environment,
  VALENCE_SCHEMA_REGISTRY_URL: withPassword(inject('stack').registryUrl),
  // Redis has no such user and says so.
  VALENCE_REDIS_URL: withPassword(inject('stack').redisUrl),
  VALENCE_MODEL: `${withPassword(models.uri)}?sig=${inQuery}`,
  VALENCE_MODEL_STORE: `${model.folder}/store`,
  VALENCE_MODEL_URI_ALLOW: `${withPassword(models.origin)}/hooks/${inPath}/`,
  VALENCE_MODEL_TOKEN: secret('model'),
  VALENCE_AUTH_JWKS_URL: grumblerUrl(`${secret('keys')}/keys.json?code=${inQuery}`),
  VALENCE_AUTH_ISSUER: 'https://issuer.test',
  VALENCE_AUTH_AUDIENCE: 'valence',
  OTEL_EXPORTER_OTLP_ENDPOINT: grumblerUrl(`v1/${secret('otel')}`),
  OTEL_EXPORTER_OTLP_HEADERS: `authorization=${whole}`,
  AWS_SECRET_ACCESS_KEY: secret('aws'),
})

const anOAuth = () => ({
  ...topics.environment,
  VALENCE_KAFKA_SASL_MECHANISM: 'oauthbearer',
  VALENCE_KAFKA_SASL_OAUTH_TOKEN_URL: grumblerUrl(`${inPath}/token?client=${inQuery}`),
  VALENCE_KAFKA_SASL_OAUTH_CLIENT_ID: 'valence',
  VALENCE_KAFKA_SASL_OAUTH_CLIENT_SECRET: whole,
})

interface Run {
  readonly what: string
  readonly role: 'process' | 'serve'
  readonly environment: () => Record<string, string>
  /** What it says when it is through with what could give something away; undefined where it ends by itself. */
  readonly until?: string
}

const runs: readonly Run[] = [
  { what: 'that is reached', role: 'process', environment: reachable, until: 'processor started' },
  { what: 'that is reached', role: 'serve', environment: reachable, until: 'facade started' },
  { what: 'that the token endpoint refuses', role: 'process', environment: anOAuth, until: 'VAL_KAFKA' },
  {
    what: 'that the brokers refuse',
    role: 'process',
    environment: () => ({
      ...topics.environment,
      VALENCE_KAFKA_SASL_MECHANISM: 'plain',
      VALENCE_KAFKA_SASL_USERNAME: 'me',
      VALENCE_KAFKA_SASL_PASSWORD: whole,
    }),
    until: 'VAL_KAFKA',
  },
  ...(['process', 'serve'] as const).map((role) => ({
    what: 'that a registry refuses',
    role,
    environment: () => ({
      VALENCE_AUTH_MODE: 'none',
      VALENCE_MODEL: grumblerUrl(`${inPath}/model.json?sig=${inQuery}`),
    }),
  })),
  ...[
    `https//me:${password}@host/${inPath}`,
    `ftp://host/${inPath}?sig=${inQuery}`,
    `https://me:${password}@host:port/`,
  ].map(
    (value): Run => ({
      what: `in settings that are not valid, such as ${value.split(':')[0]}`,
      role: 'process',
      environment: () => ({ ...setAll(addressSettings, value), ...setAll(secretSettings, whole) }),
    }),
  ),
]

/** Runs until it has said so, asks it something with credentials where it is a facade, and stops it. */
async function everythingPrinted({ role, environment, until }: Run): Promise<string> {
  const { child, ended } = startCli([role], {
    environment: {
      VALENCE_MODEL: model.folder,
      VALENCE_HTTP_PORT: '0',
      VALENCE_ADMIN_PORT: '0',
      VALENCE_INFERENCE_WORKERS: '1',
      VALENCE_LOG_LEVEL: 'trace',
      ...environment(),
    },
  })
  if (until !== undefined) {
    let seen = ''
    const said = new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk: string) => {
        seen += chunk
        if (seen.includes(until)) resolve()
      })
    })
    const tooEarly = ended.then(({ code, stderr }) => {
      throw new Error(`${role} ended with ${code} before it said "${until}":\n${stderr.slice(-3_000)}`)
    })
    tooEarly.catch(() => undefined)
    await Promise.race([said, tooEarly])
    const port = /"port":(\d+)[^\n]*"msg":"facade started"/.exec(seen)?.[1]
    if (port !== undefined) await askWithCredentials(Number(port))
    child.kill('SIGTERM')
  }
  const { stdout, stderr } = await ended
  return stdout + stderr
}

async function askWithCredentials(port: number): Promise<void> {
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${mark}`,
    'x-api-key': mark,
    cookie: mark,
  }
  const url = `http://127.0.0.1:${port}/v1/score?access_token=${secret('asked')}`
  const { status } = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ text: 'good' }) })
  expect(status).toBeGreaterThanOrEqual(400)
}

describe.concurrent('a service that prints all it can', { timeout: 180_000 }, () => {
  it.each(runs)('shows no secret $what: $role', async (run) => {
    const printed = await everythingPrinted(run)
    expect(printed).toMatch(run.until === undefined ? /VAL_/ : /"msg":"starting"/)
    const lines = printed.split('\n').filter((line) => line.includes(mark) || line.includes(encodedMark))
    expect(lines).toEqual([])
  })
})
