import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { headerText, isValenceError, type RecordHeaders, withHeader } from '@valence/schemas'

/** The callbacks and headers of a send span. */
export interface SendSpan {
  /** The given headers plus the trace context. */
  readonly headers: RecordHeaders
  sent(at: { readonly partition: number; readonly offset: string }): void
  failed(error: unknown): void
}

export interface ReceivedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: string
  readonly headerList: RecordHeaders
}

const headerGetter = { get: headerText, keys: (headers: RecordHeaders) => headers.map(({ name }) => name) }

// Looked up on each call: an application may register its SDK after this module is loaded. Without an SDK it is a
// no-op.
const tracer = () => trace.getTracer('@valence/producer-sdk')

function destination(operation: 'send' | 'process', topic: string): Attributes {
  return {
    'messaging.system.name': 'kafka',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': topic,
  }
}

function located({ partition, offset }: { partition: number; offset: string }): Attributes {
  return { 'messaging.destination.partition.id': String(partition), 'kafka.offset': Number(offset) }
}

function endFailed(span: Span, error: unknown): void {
  const code = isValenceError(error) ? error.code : 'unexpected'
  span.setAttribute('error.type', code)
  span.setStatus({ code: SpanStatusCode.ERROR, message: code })
  span.end()
}

/** The parent context: the active span, else the span in the headers. */
function parentOf(headers: RecordHeaders): Context {
  const active = context.active()
  return trace.getSpan(active) === undefined ? propagation.extract(active, headers, headerGetter) : active
}

/** A span from send to acknowledgement; the record carries its context. */
export function startSend(topic: string, headers: RecordHeaders): SendSpan {
  const parent = parentOf(headers)
  const span = tracer().startSpan(
    `send ${topic}`,
    { kind: SpanKind.PRODUCER, attributes: destination('send', topic) },
    parent,
  )
  const injected: Record<string, string> = {}
  propagation.inject(trace.setSpan(parent, span), injected)
  return {
    headers: Object.entries(injected).reduce<RecordHeaders>(
      (list, [name, own]) => withHeader(list, name, own),
      headers,
    ),
    sent(at) {
      span.setAttributes(located(at))
      span.end()
    },
    failed: (error) => endFailed(span, error),
  }
}

/** Runs the handler of a record in a child span of the span in its headers. */
export async function withinProcess<T>(record: ReceivedRecord, groupId: string, handle: () => Promise<T>): Promise<T> {
  const parent = propagation.extract(ROOT_CONTEXT, record.headerList, headerGetter)
  const attributes = {
    ...destination('process', record.topic),
    ...located(record),
    'messaging.consumer.group.name': groupId,
  }
  const span = tracer().startSpan(`process ${record.topic}`, { kind: SpanKind.CONSUMER, attributes }, parent)
  try {
    const result = await context.with(trace.setSpan(parent, span), handle)
    span.end()
    return result
  } catch (error) {
    endFailed(span, error)
    throw error
  }
}
