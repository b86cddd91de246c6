import { errorCatalogue, ValenceError } from '@valence/schemas'
import { afterEach, describe, expect, it } from 'vitest'
import { type AdminServer, startAdminServer } from '../../../src/observability/admin-server.ts'
import { Health } from '../../../src/observability/health.ts'
import { createLogger } from '../../../src/observability/logger.ts'
import { createMetrics, type Metrics } from '../../../src/observability/metrics.ts'

const servers: AdminServer[] = []
const logger = createLogger('warn', { write: () => undefined })

async function start(health = new Health(), port = 0, metrics = createMetrics()): Promise<AdminServer> {
  const server = await startAdminServer({ host: '127.0.0.1', port, metrics, health, logger })
  servers.push(server)
  return server
}

/** Metrics with as many series as a processor and a lag service can have together. */
function crowdedMetrics(): Metrics {
  const metrics = createMetrics({ runtime: true })
  const { kafka, pipeline, scaling, model, http } = metrics
  for (let partition = 0; partition < 200; partition += 1) {
    const labels = { topic: 'sentiment.texts.v1', partition: String(partition) }
    for (const gauge of [kafka.lag, kafka.drain, pipeline.queued]) gauge.set(labels, partition)
    for (const gauge of [scaling.lag, scaling.arrivals, scaling.done]) gauge.set(labels, partition)
    for (const counter of [kafka.arrived, kafka.committed]) counter.inc(labels, partition)
  }
  for (let source = 0; source < 51; source += 1) {
    for (const label of ['negative', 'neutral', 'positive']) model.labels.inc({ source: `source-${source}`, label })
    model.confidence.observe({ source: `source-${source}` }, 0.7)
  }
  for (const code of Object.keys(errorCatalogue)) {
    for (const counter of [pipeline.deadLetters, pipeline.retries, http.refused]) counter.inc({ code })
  }
  return metrics
}

const get = (server: AdminServer, path: string) => fetch(`http://127.0.0.1:${server.port}${path}`)

afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())))

describe('the admin server', () => {
  it('serves metrics in the Prometheus text format', async () => {
    const response = await get(await start(), '/metrics')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
    expect(await response.text()).toContain('# TYPE valence_pipeline_records_total counter')
  })

  it('serves OpenMetrics to a scraper that asks for it', async () => {
    const { port } = await start()
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, {
      headers: { accept: 'application/openmetrics-text' },
    })
    expect(response.headers.get('content-type')).toMatch(/^application\/openmetrics-text/)
    expect(await response.text()).toMatch(/# EOF\n$/)
  })

  it.each(['text/plain', 'application/openmetrics-text'])(
    'answers in 50 ms of CPU where 200 partitions, 50 sources and every code have their series (%s)',
    async (accept) => {
      const { port } = await start(undefined, 0, crowdedMetrics())
      const times: number[] = []
      let text = ''
      for (let scrape = 0; scrape < 20; scrape += 1) {
        const before = process.threadCpuUsage()
        const response = await fetch(`http://127.0.0.1:${port}/metrics`, { headers: { accept } })
        text = await response.text()
        const { user, system } = process.threadCpuUsage(before)
        times.push((user + system) / 1_000)
      }
      // The fastest scrape counts: a busy machine delays single ones.
      expect(Math.min(...times)).toBeLessThan(50)
      expect(text.split('\n').length).toBeGreaterThan(2_600)
    },
  )

  it('reports liveness and readiness separately', async () => {
    const health = new Health()
    let ready = false
    health.add({ name: 'pipeline', isHealthy: () => ready })
    const server = await start(health)
    expect((await get(server, '/livez')).status).toBe(200)
    const notYet = await get(server, '/readyz')
    expect([notYet.status, await notYet.json()]).toEqual([
      503,
      expect.objectContaining({ status: 'failing', checks: { pipeline: 'failing' } }),
    ])
    ready = true
    expect((await get(server, '/readyz')).status).toBe(200)
    health.fail(new Error('crashed'))
    expect((await get(server, '/livez')).status).toBe(503)
    expect((await get(server, '/readyz')).status).toBe(503)
  })

  it('answers 503 at a path whose part returns nothing yet', async () => {
    const server = await start()
    let report: object | undefined
    server.get('/scaling', () => report)
    expect((await get(server, '/scaling')).status).toBe(503)
    report = { desiredReplicas: 3 }
    const answer = await get(server, '/scaling?x')
    expect([answer.status, await answer.json()]).toEqual([200, report])
    expect((await get(server, '/other')).status).toBe(404)
  })

  it('names the port and its setting if the port is in use', async () => {
    const first = await start()
    await expect(start(new Health(), first.port)).rejects.toMatchObject({
      code: 'VAL_PORT_UNAVAILABLE',
      message: expect.stringContaining(`127.0.0.1:${first.port} (VALENCE_ADMIN_PORT)`),
    })
  })
})

describe('the log level', () => {
  const put = (server: AdminServer, body: unknown) =>
    fetch(`http://127.0.0.1:${server.port}/log/level`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })

  it('can be read and changed while the process runs', async () => {
    const server = await start()
    expect(await (await get(server, '/log/level')).json()).toEqual({ level: 'warn' })
    const changed = await put(server, { level: 'debug' })
    expect([changed.status, await changed.json()]).toEqual([200, { level: 'debug' }])
    expect(logger.isLevelEnabled('debug')).toBe(true)
    await put(server, { level: 'warn' })
  })

  it.each([{ level: 'loud' }, {}, null])('does not change for %o', async (body) => {
    const refused = await put(await start(), body)
    expect(refused.status).toBe(400)
    expect(logger.level).toBe('warn')
  })
})

describe('a request that cannot be served gets a problem document', () => {
  it.each([
    ['GET', '/model/reload', 405, 'POST'],
    ['DELETE', '/model/reload', 405, 'POST'],
    ['POST', '/metrics', 405, 'GET, HEAD'],
    ['PUT', '/scaling', 405, 'GET, HEAD'],
    ['POST', '/log/level', 405, 'GET, HEAD, PUT'],
    ['GET', '/nothing', 404, null],
    ['POST', '/nothing', 404, null],
  ])('%s %s: %d', async (method, path, status, allow) => {
    const server = await start()
    server.post('/model/reload', async () => ({}))
    server.get('/scaling', () => ({}))
    const response = await fetch(`http://127.0.0.1:${server.port}${path}?x`, { method })
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect([response.status, response.headers.get('allow')]).toEqual([status, allow])
    const code = status === 405 ? 'VAL_HTTP_METHOD_NOT_ALLOWED' : 'VAL_HTTP_NOT_FOUND'
    expect(await response.json()).toMatchObject({ status, code, type: `urn:valence:error:${code}` })
  })

  it.each([
    ['{bad', 400, 'VAL_HTTP_BODY_INVALID'],
    ['', 400, 'VAL_HTTP_BODY_INVALID'],
    [`"${'x'.repeat(2_000_000)}"`, 413, 'VAL_HTTP_BODY_TOO_LARGE'],
  ])('a level that is no JSON', async (body, status, code) => {
    const { port } = await start()
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`http://127.0.0.1:${port}/log/level`, { method: 'PUT', headers, body })
    expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ status, code })])
  })
})

describe('an action', () => {
  const post = (server: AdminServer, path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${server.port}${path}`, { method: 'POST', ...init })

  it('works as soon as it is added, with any request body', async () => {
    const server = await start()
    expect((await post(server, '/model/reload')).status).toBe(404)
    server.post('/model/reload', async () => ({ outcome: 'unchanged' }))
    const json = { 'content-type': 'application/json' }
    const bodies = [
      {},
      { body: 'x' },
      { body: new URLSearchParams({ a: 'b' }) },
      { headers: json },
      { headers: json, body: '{bad' },
      { headers: json, body: '{"__proto__": 1}' },
      { headers: json, body: `"${'x'.repeat(2_000_000)}"` },
    ]
    for (const init of bodies) {
      const response = await post(server, '/model/reload?now', init)
      expect([response.status, await response.json()]).toEqual([200, { outcome: 'unchanged' }])
    }
  })

  it('that fails sends its error as a problem document', async () => {
    const server = await start()
    server.post('/model/reload', async () => {
      throw new ValenceError('VAL_MODEL_REGISTRY_TIMEOUT', 'nothing came')
    })
    const response = await post(server, '/model/reload')
    expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect([response.status, await response.json()]).toEqual([
      503,
      expect.objectContaining({ status: 503, code: 'VAL_MODEL_REGISTRY_TIMEOUT', detail: 'nothing came' }),
    ])
  })

  it('that fails unexpectedly sends no internal details', async () => {
    const server = await start()
    server.post('/model/reload', async () => {
      throw new Error('password is hunter2')
    })
    const response = await post(server, '/model/reload')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('hunter2')
  })
})
