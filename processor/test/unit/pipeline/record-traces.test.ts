import { SpanStatusCode } from '@opentelemetry/api'
import { AlwaysOffSampler, ParentBasedSampler } from '@opentelemetry/sdk-trace'
import { recordHeader, ValenceError } from '@valence/schemas'
import { kafkaRecord } from '@valence/testing/kafka/records'
import { SpanCollector } from '@valence/testing/telemetry/span-collector'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PartitionSession } from '../../../src/kafka/partition-session.ts'
import type { Publication } from '../../../src/pipeline/commit.ts'
import type { EncodeStep } from '../../../src/pipeline/encode.ts'
import type { PrepareStep } from '../../../src/pipeline/prepare.ts'
import { RecordTraces } from '../../../src/pipeline/record-traces.ts'

const from = { topic: 'texts', partition: 2 }
const traceId = '0af7651916cd43dd8448eb211c80319c'
const sampled = [recordHeader('traceparent', `00-${traceId}-b7ad6b7169203331-01`), recordHeader('own', null)]
const unsampled = [recordHeader('traceparent', `00-${traceId}-b7ad6b7169203331-00`)]

let collector: SpanCollector
beforeEach(() => {
  collector = new SpanCollector()
})
afterEach(() => collector[Symbol.dispose]())

const encode: EncodeStep = ({ record: { key, value, headers } }) => ({
  topic: 'scores',
  partition: 0,
  key,
  value,
  headers,
})
const session = {} as PartitionSession

/** A record from decode to commit. */
async function process(record: ReturnType<typeof kafkaRecord>, options: { rejected?: boolean; fails?: Error } = {}) {
  const traces = new RecordTraces(collector.tracer, 'valence')
  const slice = { records: [record], nextOffset: 1n }
  const outcome = options.rejected
    ? ({ kind: 'rejected', record, error: new ValenceError('VAL_TEXT_EMPTY', 'private words') } as const)
    : ({ kind: 'tombstone', record } as const)
  const prepare: PrepareStep = async () => {
    await traces.traceDecode(async () => [])([record])
    return { from, slice, outcomes: [outcome], outgoing: [traces.traceEncode(encode)(outcome, from) ?? []].flat() }
  }
  const publication = await traces.tracePrepare(prepare)(from, slice, {
    signal: new AbortController().signal,
    refusal: undefined,
  })
  const traceContext = traces.of(record)
  const commit = traces.traceCommit(async () => {
    if (options.fails) throw options.fails
  })
  await commit(session, publication as Publication).catch(() => undefined)
  return { traceContext, headers: publication.outgoing[0]?.headers ?? [], after: traces.of(record) }
}

describe('the trace of a record', () => {
  it('goes on from whoever made the record to whoever reads the result', async () => {
    const { headers, traceContext, after } = await process(kafkaRecord(7, { headers: sampled }))
    const span = collector.named('process texts')
    const send = collector.named('send scores')
    expect(span.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
    expect([span, send].map((own) => own.spanContext().traceId)).toEqual([traceId, traceId])
    expect(headers).toEqual([
      recordHeader('own', null),
      recordHeader('traceparent', `00-${traceId}-${send.spanContext().spanId}-01`),
    ])
    expect(traceContext).toMatchObject({ traceId, spanId: span.spanContext().spanId })
    expect(after).toBeUndefined()
  })

  it('has its phases below it, each ended', async () => {
    await process(kafkaRecord(7, { headers: sampled }))
    const { spanId } = collector.named('process texts').spanContext()
    for (const name of ['decode', 'encode', 'send scores', 'commit texts']) {
      expect(collector.named(name).parentSpanContext?.spanId, name).toBe(spanId)
    }
    expect(collector.spans.map(({ status }) => status.code)).not.toContain(SpanStatusCode.ERROR)
  })

  it('names where the record lay as the conventions say', async () => {
    await process(kafkaRecord(7, { headers: sampled, value: null }))
    expect(collector.named('process texts').attributes).toEqual({
      'messaging.system.name': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'texts',
      'messaging.destination.partition.id': '2',
      'messaging.consumer.group.name': 'valence',
      'kafka.offset': 7,
      'kafka.message.tombstone': true,
    })
  })

  it('says by its code alone why a record became a dead letter', async () => {
    await process(kafkaRecord(7, { headers: sampled }), { rejected: true })
    const { status, attributes } = collector.named('process texts')
    expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'VAL_TEXT_EMPTY' })
    expect(attributes['error.type']).toBe('VAL_TEXT_EMPTY')
    expect(JSON.stringify(collector.spans.map((span) => [span.attributes, span.status]))).not.toContain('private')
  })

  it('ends as failed when the transaction is lost', async () => {
    await process(kafkaRecord(7, { headers: sampled }), { fails: new ValenceError('VAL_KAFKA_FENCED') })
    for (const name of ['process texts', 'send scores', 'commit texts']) {
      expect(collector.named(name).status.message, name).toBe('VAL_KAFKA_FENCED')
    }
  })

  it('of a record that nobody traces begins here, or nowhere', async () => {
    await process(kafkaRecord(1))
    expect(collector.named('process texts').parentSpanContext).toBeUndefined()
  })

  it('is not made, and its headers left alone, where it is not sampled', async () => {
    collector[Symbol.dispose]()
    collector = new SpanCollector(new ParentBasedSampler({ root: new AlwaysOffSampler() }))
    const { headers, traceContext } = await process(kafkaRecord(7, { headers: unsampled }))
    expect([traceContext, collector.spans.length]).toEqual([undefined, 0])
    expect(headers).toEqual(unsampled)
  })

  it('is begun once when a record is prepared again', async () => {
    const traces = new RecordTraces(collector.tracer, 'valence')
    const record = kafkaRecord(1, { headers: sampled })
    const slice = { records: [record], nextOffset: 1n }
    const prepare = traces.tracePrepare(async () => ({ from, slice, outcomes: [], outgoing: [] }))
    const options = { signal: new AbortController().signal, refusal: undefined }
    await prepare(from, slice, options)
    const traceContext = traces.of(record)
    await prepare(from, slice, options)
    expect(traces.of(record)).toBe(traceContext)
  })
})
