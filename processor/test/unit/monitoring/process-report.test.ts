import { expect, it } from 'vitest'
import { Interval } from '../../../src/monitoring/interval.ts'
import { MetricSamples } from '../../../src/monitoring/metric-samples.ts'
import { reportAll, reportProcess } from '../../../src/monitoring/process-report.ts'
import { createMetrics, type Metrics, observeTraced } from '../../../src/observability/metrics.ts'

/** What two seconds look like in which this happened. */
async function during(act: (metrics: Metrics) => void, metrics = createMetrics()): Promise<Interval> {
  const before = new MetricSamples(await metrics.registry.metrics())
  act(metrics)
  return new Interval(before, new MetricSamples(await metrics.registry.metrics()), 2)
}

it('knows nothing of what did not happen', async () => {
  expect(reportProcess(await during(() => undefined))).toMatchObject({
    textsPerSecond: 0,
    p99Seconds: null,
    batchTexts: null,
    paddingRatio: null,
    cacheHitRatio: null,
    batchCauses: {},
    model: null,
    openBreakers: [],
    errors: [],
  })
})

it('counts a text that Redis knew as one hit of one text', async () => {
  const { cacheHitRatio } = reportProcess(
    await during(({ scoring }) => {
      scoring.cacheLookups.inc({ level: 'memory', outcome: 'hit' }, 10)
      scoring.cacheLookups.inc({ level: 'memory', outcome: 'miss' }, 30)
      scoring.cacheLookups.inc({ level: 'shared', outcome: 'hit' }, 10)
      scoring.cacheLookups.inc({ level: 'shared', outcome: 'miss' }, 20)
    }),
  )
  expect(cacheHitRatio).toBe(0.5)
})

it('tells batches by what closed them, the model, and what is waiting', async () => {
  const report = reportProcess(
    await during(({ scoring, model, pipeline, inference }) => {
      scoring.batches.inc({ cause: 'tokens' }, 3)
      scoring.batches.inc({ cause: 'age' })
      scoring.batchTokens.observe(200)
      scoring.queueDepth.set({ origin: 'http' }, 2)
      pipeline.queued.set({ topic: 't', partition: '1' }, 7)
      model.info.set({ name: 'valence', version: '1.2.3', sha256: 'abc' }, 1)
      inference.workers.set(2)
    }),
  )
  expect(report.batchCauses).toEqual({ tokens: 0.75, texts: 0, age: 0.25, drain: 0 })
  expect(report).toMatchObject({
    batchTokens: 200,
    queuedRecords: 7,
    queuedTexts: 2,
    workers: 2,
    model: 'valence 1.2.3',
  })
})

it('has latencies of HTTP apart from those of Kafka', async () => {
  const { p50Seconds, httpP50Seconds, httpRequestsPerSecond } = reportProcess(
    await during(({ http }) => {
      http.requests.inc({ route: '/v1/score', method: 'POST', status: '200' }, 4)
      observeTraced(http.duration, { route: '/v1/score' }, 0.004, undefined)
    }),
  )
  expect([p50Seconds, httpRequestsPerSecond]).toEqual([null, 2])
  expect(httpP50Seconds).toBeCloseTo(0.00375)
})

it('sums errors over processes, those of before included', async () => {
  const metrics = createMetrics()
  metrics.pipeline.retries.inc({ code: 'VAL_KAFKA_TRANSACTION_FAILED' }, 5)
  const one = await during(({ pipeline }) => pipeline.deadLetters.inc({ code: 'VAL_TEXT_EMPTY' }, 2), metrics)
  const two = await during(({ pipeline, kafka, breaker }) => {
    pipeline.deadLetters.inc({ code: 'VAL_TEXT_EMPTY' }, 4)
    kafka.transactions.inc({ outcome: 'aborted' })
    breaker.state.set({ part: 'jwks' }, 1)
    breaker.state.set({ part: 'redis' }, 0)
  })
  expect(reportAll([one, two])).toMatchObject({
    openBreakers: ['jwks'],
    errors: [
      { what: 'dead letters VAL_TEXT_EMPTY', total: 6, perSecond: 3 },
      { what: 'retries VAL_KAFKA_TRANSACTION_FAILED', total: 5, perSecond: 0 },
      { what: 'transactions aborted', total: 1, perSecond: 0.5 },
    ],
  })
  expect(reportAll([])).toBeUndefined()
})
