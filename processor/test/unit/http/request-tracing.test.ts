import { SpanStatusCode } from '@opentelemetry/api'
import { openTestApp, unavailable } from '@valence/testing/processes/http-app'
import { SpanCollector } from '@valence/testing/telemetry/span-collector'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TextIntake } from '../../../src/http/text-intake.ts'
import { createExposition } from '../../../src/observability/exposition.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` }

let collector: SpanCollector
beforeEach(() => {
  collector = new SpanCollector()
})
afterEach(() => collector[Symbol.dispose]())

describe('the trace of a request', () => {
  it('is a span below the caller, named by the route, and the answer names it', async () => {
    await using test = await openTestApp({ tracer: collector.tracer })
    const answer = await test.app.inject({ method: 'POST', url: '/v1/score', headers, payload: { text: 'good' } })
    const span = collector.named('POST /v1/score')
    expect(span.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
    expect(span.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/v1/score',
      'url.path': '/v1/score',
      'url.scheme': 'http',
      'http.response.status_code': 200,
    })
    expect(answer.headers.traceparent).toBe(`00-${traceId}-${span.spanContext().spanId}-01`)
  })

  it('goes on into the scorer', async () => {
    await using test = await openTestApp({ tracer: collector.tracer })
    await test.app.inject({ method: 'POST', url: '/v1/score/batch', headers, payload: { texts: ['good', 'bad'] } })
    const traceContext = test.scorer.asked[0]?.options.traceContextOf?.(1)
    expect(traceContext).toMatchObject({
      traceId,
      spanId: collector.named('POST /v1/score/batch').spanContext().spanId,
    })
  })

  it('goes on into the record that is produced', async () => {
    const produced: Readonly<Record<string, string>>[] = []
    const intake = new TextIntake(async ({ id }, given) => {
      produced.push(given)
      return { id, topic: 't', partition: 0, offset: '0' }
    })
    await using test = await openTestApp({
      tracer: collector.tracer,
      intake,
    })
    await test.app.inject({ method: 'POST', url: '/v1/texts', headers, payload: { text: 'good' } })
    const { spanId } = collector.named('POST /v1/texts').spanContext()
    expect(produced).toEqual([{ traceparent: `00-${traceId}-${spanId}-01` }])
  })

  it('holds neither texts nor queries', async () => {
    await using test = await openTestApp({ tracer: collector.tracer })
    await test.app.inject({ url: '/v1/score?text=private+words' })
    await test.app.inject({ url: '/private/words' })
    const kept = JSON.stringify(collector.spans.map(({ name, attributes }) => [name, attributes]))
    expect(collector.spans).toHaveLength(2)
    expect(kept).not.toContain('private')
  })

  it('fails with what is our fault, not with what is the caller’s', async () => {
    await using test = await openTestApp({ tracer: collector.tracer })
    await test.app.inject({ method: 'POST', url: '/v1/score', payload: { text: '' } })
    test.scorer.answer = unavailable
    await test.app.inject({ method: 'POST', url: '/v1/score', payload: { text: 'good' } })
    expect(collector.spans.map(({ status }) => status.code)).toEqual([SpanStatusCode.UNSET, SpanStatusCode.ERROR])
    expect(collector.spans[1]?.attributes['error.type']).toBe('503')
  })

  it('marks the buckets of the duration with itself', async () => {
    await using test = await openTestApp({ tracer: collector.tracer })
    await test.app.inject({ method: 'POST', url: '/v1/score', headers, payload: { text: 'good' } })
    const { body } = await createExposition(test.metrics.registry)('application/openmetrics-text')
    expect(body).toMatch(new RegExp(`http_request_seconds_bucket\\{.*route="/v1/score".*trace_id="${traceId}"`))
  })
})
