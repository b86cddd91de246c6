import {
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { FastifyRequest } from 'fastify'
import { spanAttributes } from '../observability/span-attributes.ts'
import { spanTime } from '../observability/trace-context.ts'
import type { HttpApp } from './http-app.ts'

type Headers = FastifyRequest['headers']

const headerGetter: TextMapGetter<Headers> = {
  get: (headers, name) => headers[name],
  keys: (headers) => Object.keys(headers),
}

/**
 * A span for each request, with the caller's span as parent. It holds the route's pattern instead of the path, and no
 * query, because both may carry a text. The response's traceparent names the span.
 */
export function addRequestTracing(app: HttpApp, tracer: Tracer | undefined): void {
  app.decorateRequest('traceContext', undefined)
  if (tracer === undefined) return
  const spans = new WeakMap<FastifyRequest, Span>()

  app.addHook('onRequest', async (request, reply) => {
    const parent = propagation.extract(ROOT_CONTEXT, request.headers, headerGetter)
    const { method, protocol } = request
    const route = request.routeOptions.url
    const attributes = {
      [spanAttributes.httpMethod]: method,
      [spanAttributes.urlScheme]: protocol,
      ...(route === undefined ? {} : { [spanAttributes.httpRoute]: route, [spanAttributes.urlPath]: route }),
    }
    const options = { kind: SpanKind.SERVER, startTime: spanTime(), attributes }
    const span = tracer.startSpan(route === undefined ? method : `${method} ${route}`, options, parent)
    const { traceId, spanId } = span.spanContext()
    request.traceId = traceId
    const context = trace.setSpan(parent, span)
    propagation.inject(context, reply, { set: (answer, name, value) => void answer.header(name, value) })
    if (!span.isRecording()) return
    request.traceContext = { context, traceId, spanId }
    spans.set(request, span)
  })

  app.addHook('onResponse', async (request, reply) => {
    const span = spans.get(request)
    if (!span) return
    span.setAttribute(spanAttributes.httpStatus, reply.statusCode)
    if (reply.statusCode >= 500) {
      span.setAttribute(spanAttributes.errorType, String(reply.statusCode))
      span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end(spanTime())
  })
}

/** Trace headers for what a request produces, such as a record. */
export function traceHeaders({ traceContext, headers }: FastifyRequest): Record<string, string> {
  const { traceparent } = headers
  const carried: Record<string, string> = typeof traceparent === 'string' ? { traceparent } : {}
  if (traceContext) propagation.inject(traceContext.context, carried)
  return carried
}
