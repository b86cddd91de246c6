import {
  type Attributes,
  type Context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { headerText, isValenceError, type RecordHeaders, withHeader } from '@valence/schemas'
import type { KafkaRecord, OutgoingRecord } from '../kafka/record.ts'
import type { TopicPartition } from '../kafka/topic-partition.ts'
import { spanAttributes } from '../observability/span-attributes.ts'
import { spanTime, type TraceContext } from '../observability/trace-context.ts'
import type { CommitStep } from './commit.ts'
import type { DecodeStep } from './decode.ts'
import type { EncodeStep } from './encode.ts'
import type { PrepareStep } from './prepare.ts'

interface TracedRecord extends TraceContext {
  readonly span: Span
  /** Of the record that is published for it. */
  send?: Span
}

const headerGetter = { get: headerText, keys: (headers: RecordHeaders) => headers.map(({ name }) => name) }

/**
 * Makes the spans of records by wrapping the pipeline's steps: `process` from take to commit, with decode, encode, send
 * and commit below it. The parent is the span in the record's headers; the result's headers carry the send span on. No span
 * holds a text.
 */
export class RecordTraces {
  readonly #tracer: Tracer
  readonly #groupId: string
  readonly #traceContexts = new WeakMap<KafkaRecord, TracedRecord>()

  constructor(tracer: Tracer, groupId: string) {
    this.#tracer = tracer
    this.#groupId = groupId
  }

  /** The traceContext of a record that is sampled. */
  of(record: KafkaRecord): TraceContext | undefined {
    return this.#traceContexts.get(record)
  }

  /** Spans around decode, encode and commit; those of scoring are made in the engine. */
  traceSteps<Own extends { decode: DecodeStep; encode: EncodeStep; commit: CommitStep }>(steps: Own): Own {
    return {
      ...steps,
      decode: this.traceDecode(steps.decode),
      encode: this.traceEncode(steps.encode),
      commit: this.traceCommit(steps.commit),
    }
  }

  tracePrepare(prepare: PrepareStep): PrepareStep {
    return (from, slice, options) => {
      for (const record of slice.records) this.#begin(record, from)
      return prepare(from, slice, options)
    }
  }

  traceDecode(decode: DecodeStep): DecodeStep {
    return async (records) => {
      const startTime = spanTime()
      const decoded = await decode(records)
      const endTime = spanTime()
      for (const traceContext of this.#among(records)) this.#phase('decode', traceContext, startTime).end(endTime)
      return decoded
    }
  }

  traceEncode(encode: EncodeStep): EncodeStep {
    return (outcome, from) => {
      const traceContext = this.#traceContexts.get(outcome.record)
      if (!traceContext) return encode(outcome, from)
      const encoding = this.#phase('encode', traceContext, spanTime())
      const outgoing = encode(outcome, from)
      encoding.end(spanTime())
      if (outcome.kind === 'rejected') markFailed(traceContext.span, outcome.error)
      return outgoing && { ...outgoing, headers: this.#inject(traceContext, outgoing) }
    }
  }

  traceCommit(commit: CommitStep): CommitStep {
    return async (session, publication) => {
      const startTime = spanTime()
      const { records } = publication.slice
      try {
        await commit(session, publication)
        this.#finish(records, publication.from, startTime)
      } catch (error) {
        this.#finish(records, publication.from, startTime, error)
        throw error
      }
    }
  }

  #begin(record: KafkaRecord, from: TopicPartition): void {
    // A slice is prepared again after a retryable error; its spans exist already.
    if (this.#traceContexts.has(record)) return
    const parent = propagation.extract(ROOT_CONTEXT, record.headers, headerGetter)
    const attributes = {
      ...destination('process', 'process', from),
      [spanAttributes.messagingGroup]: this.#groupId,
      [spanAttributes.kafkaOffset]: Number(record.offset),
      ...(record.value === null ? { [spanAttributes.kafkaTombstone]: true } : {}),
    }
    const options = { kind: SpanKind.CONSUMER, startTime: spanTime(), attributes }
    const span = this.#tracer.startSpan(`process ${from.topic}`, options, parent)
    if (!span.isRecording()) return
    const { traceId, spanId } = span.spanContext()
    this.#traceContexts.set(record, { span, context: trace.setSpan(parent, span), traceId, spanId })
  }

  #phase(name: string, { context }: TraceContext, startTime: number, attributes: Attributes = {}): Span {
    return this.#tracer.startSpan(name, { startTime, attributes }, context)
  }

  #inject(traceContext: TracedRecord, outgoing: OutgoingRecord): RecordHeaders {
    const attributes = destination('send', 'send', outgoing)
    const options = { kind: SpanKind.PRODUCER, startTime: spanTime(), attributes }
    traceContext.send = this.#tracer.startSpan(`send ${outgoing.topic}`, options, traceContext.context)
    const context: Context = trace.setSpan(traceContext.context, traceContext.send)
    const injected: Record<string, string> = {}
    propagation.inject(context, injected)
    const entries = Object.entries(injected)
    return entries.reduce<RecordHeaders>((list, [name, own]) => withHeader(list, name, own), outgoing.headers)
  }

  #finish(records: readonly KafkaRecord[], from: TopicPartition, startTime: number, error?: unknown): void {
    const endTime = spanTime()
    const attributes = {
      ...destination('commit', 'settle', from),
      [spanAttributes.messagingGroup]: this.#groupId,
      [spanAttributes.messagingBatchCount]: records.length,
    }
    for (const traceContext of this.#among(records)) {
      const commit = this.#phase(`commit ${from.topic}`, traceContext, startTime, attributes)
      for (const span of [traceContext.send, commit, traceContext.span]) {
        if (error !== undefined && span) markFailed(span, error)
        span?.end(endTime)
      }
    }
    // Records read again after a failure are new objects.
    for (const record of records) this.#traceContexts.delete(record)
  }

  #among(records: readonly KafkaRecord[]): TracedRecord[] {
    return records.flatMap((record) => this.#traceContexts.get(record) ?? [])
  }
}

function destination(name: string, type: string, { topic, partition }: TopicPartition): Attributes {
  return {
    [spanAttributes.messagingSystem]: 'kafka',
    [spanAttributes.messagingOperationName]: name,
    [spanAttributes.messagingOperationType]: type,
    [spanAttributes.messagingDestination]: topic,
    [spanAttributes.messagingPartition]: String(partition),
  }
}

/** Only the code: a message may quote the record. */
function markFailed(span: Span, error: unknown): void {
  const code = isValenceError(error) ? error.code : 'unexpected'
  span.setAttribute(spanAttributes.errorType, code)
  span.setStatus({ code: SpanStatusCode.ERROR, message: code })
}
