import { propagation, trace } from '@opentelemetry/api'
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  type ReadableSpan,
  type Sampler,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'

/** Spans that were ended, in memory; `traceparent` is understood and written while it is open. */
export class SpanCollector implements Disposable {
  readonly #exporter = new InMemorySpanExporter()
  readonly #provider: TracerProvider

  constructor(sampler: Sampler = new AlwaysOnSampler()) {
    this.#provider = new TracerProvider({
      sampler,
      spanProcessors: [new SimpleSpanProcessor({ exporter: this.#exporter })],
    })
    propagation.setGlobalPropagator({
      fields: () => ['traceparent'],
      inject(context, carrier, { set }) {
        const own = trace.getSpanContext(context)
        if (own) set(carrier, 'traceparent', `00-${own.traceId}-${own.spanId}-0${own.traceFlags}`)
      },
      extract(context, carrier, { get }) {
        const [, traceId, spanId, flags] = String(get(carrier, 'traceparent')).split('-')
        if (!traceId || !spanId) return context
        return trace.setSpanContext(context, { traceId, spanId, traceFlags: Number(flags), isRemote: true })
      },
    })
  }

  get tracer() {
    return this.#provider.getTracer('test')
  }

  get provider() {
    return this.#provider
  }

  get spans(): readonly ReadableSpan[] {
    return this.#exporter.getFinishedSpans()
  }

  named(name: string): ReadableSpan {
    const found = this.spans.filter((span) => span.name === name)
    if (found.length !== 1)
      throw new Error(`${found.length} spans are named ${name}: ${this.spans.map((span) => span.name)}`)
    return found[0] as ReadableSpan
  }

  [Symbol.dispose](): void {
    propagation.disable()
    trace.disable()
  }
}
