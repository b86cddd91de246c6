import { propagation, SpanStatusCode, trace } from '@opentelemetry/api'
import { recordHeader, ValenceError } from '@valence/schemas'
import { SpanCollector } from '@valence/testing/telemetry/span-collector'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startSend, withinProcess } from '../../../src/tracing/text-spans.ts'

const traceId = '0af7651916cd43dd8448eb211c80319c'
const traceparent = `00-${traceId}-b7ad6b7169203331-01`
const record = { topic: 'scores', partition: 1, offset: '12', headerList: [recordHeader('traceparent', traceparent)] }

describe('without an SDK of OpenTelemetry', () => {
  it('headers stay as they are', () => {
    const given = [recordHeader('traceparent', traceparent), recordHeader('own', 'x')]
    const span = startSend('texts', given)
    expect(span.headers).toEqual(given)
    span.sent({ partition: 0, offset: '1' })
    span.failed(new Error('x'))
  })

  it('a handler runs all the same', async () => {
    expect(await withinProcess(record, 'readers', async () => 7)).toBe(7)
  })
})

describe('with one', () => {
  let collector: SpanCollector
  beforeEach(() => {
    collector = new SpanCollector()
    trace.setGlobalTracerProvider(collector.provider)
  })
  afterEach(() => collector[Symbol.dispose]())

  it('a text carries the span of its sending', () => {
    const span = startSend('texts', [recordHeader('own', 'x'), recordHeader('own', null)])
    span.sent({ partition: 3, offset: '42' })
    const { spanId, traceId: own } = collector.named('send texts').spanContext()
    expect(span.headers).toEqual([
      recordHeader('own', 'x'),
      recordHeader('own', null),
      recordHeader('traceparent', `00-${own}-${spanId}-01`),
    ])
    expect(collector.named('send texts').attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'texts',
      'messaging.destination.partition.id': '3',
      'kafka.offset': 42,
    })
  })

  it('a text goes on below the span that its headers name', () => {
    startSend('texts', [recordHeader('traceparent', traceparent)]).sent({ partition: 0, offset: '1' })
    expect(collector.named('send texts').parentSpanContext).toMatchObject({ traceId, spanId: 'b7ad6b7169203331' })
  })

  it('what was not acknowledged ends as failed, by its code', () => {
    startSend('texts', []).failed(new ValenceError('VAL_PRODUCER_FAILED', 'private words'))
    const { status, attributes } = collector.named('send texts')
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'VAL_PRODUCER_FAILED' })
    expect(attributes['error.type']).toBe('VAL_PRODUCER_FAILED')
  })

  it('a handler runs in a span below the record, and its error stays its own', async () => {
    await withinProcess(record, 'readers', async () => undefined)
    const { parentSpanContext, attributes } = collector.named('process scores')
    expect(parentSpanContext).toMatchObject({ traceId, spanId: 'b7ad6b7169203331' })
    expect(attributes).toMatchObject({ 'messaging.consumer.group.name': 'readers', 'kafka.offset': 12 })
    const failure = new Error('private words')
    await expect(withinProcess({ ...record, topic: 't' }, 'readers', () => Promise.reject(failure))).rejects.toBe(
      failure,
    )
    expect(collector.named('process t').status).toEqual({ code: SpanStatusCode.ERROR, message: 'unexpected' })
  })

  it('no propagator is needed', () => {
    propagation.disable()
    expect(startSend('texts', []).headers).toEqual([])
  })
})
