import { fuzz } from '@valence/testing/http-abuse/fuzz'
import { writeTinyModel } from '@valence/testing/models/tiny-model'
import { killAllProcessors, ProcessorProcess } from '@valence/testing/processes/processor-process'
import { afterAll, beforeAll, expect, it } from 'vitest'

let model: Awaited<ReturnType<typeof writeTinyModel>>
let server: ProcessorProcess

/** Limits are off and times are short, so that what is asked decides what is answered. */
beforeAll(async () => {
  model = await writeTinyModel()
  const environment = {
    VALENCE_MODEL: model.folder,
    VALENCE_AUTH_MODE: 'none',
    VALENCE_HTTP_PORT: '0',
    VALENCE_INFERENCE_WORKERS: '1',
    VALENCE_HTTP_RATE_LIMIT_REQUESTS: '0',
    VALENCE_HTTP_RATE_LIMIT_TEXTS: '0',
    VALENCE_HTTP_MAX_IN_FLIGHT_TEXTS: '1000000',
    VALENCE_HTTP_TARGET_LATENCY_MS: '0',
    VALENCE_HTTP_REQUEST_TIMEOUT_MS: '300',
    VALENCE_HTTP_KEEP_ALIVE_MS: '200',
  }
  server = await new ProcessorProcess(environment, 'serve').started()
})
afterAll(async () => {
  await killAllProcessors()
  await model?.remove()
})

it('fuzzed requests get clean answers and leave nothing behind', async () => {
  const report = await fuzz({ port: server.port, seed: 1, cases: 1_000, model: 'tiny' })
  expect(report.complaints).toEqual([])
  // The fuzzer reaches what it should: routes that score, their schemas, the parser, the limits.
  expect([...report.statuses.keys()]).toEqual(expect.arrayContaining([200, 400, 404, 405, 408, 415, 422, 431]))

  expect(await server.metric('valence_http_in_flight_texts')).toBe(0)
  expect(await server.metric('valence_http_refused_total', 'VAL_HTTP_INTERNAL')).toBe(0)
  const answer = await fetch(`http://127.0.0.1:${server.port}/v1/score`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'good' }),
  })
  expect(answer.status).toBe(200)
  expect(await server.stop()).toBe(0)
})
