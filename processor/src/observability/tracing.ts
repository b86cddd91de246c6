import type { Tracer } from '@opentelemetry/api'
import type { Environment } from '../config/config.ts'

export interface Tracing {
  readonly tracer: Tracer
  /** Sends what is still held back. */
  stop(): Promise<void>
}

/** Traces are made where the environment says where to send them, in OpenTelemetry's own terms. */
export function isTracingConfigured(environment: Environment): boolean {
  if (environment.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return false
  const exporters = environment.OTEL_TRACES_EXPORTER
  if (exporters) return exporters !== 'none'
  return Boolean(environment.OTEL_EXPORTER_OTLP_ENDPOINT || environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT)
}

function isServiceNamed({ OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES }: Environment): boolean {
  return Boolean(OTEL_SERVICE_NAME) || /(^|,)\s*service\.name=/.test(OTEL_RESOURCE_ATTRIBUTES ?? '')
}

/**
 * Starts OpenTelemetry's SDK, which reads its own OTEL_* settings; undefined where tracing is not configured. The SDK
 * is loaded here and nowhere else: who does not trace pays nothing for it. Spans are made by hand at the stages, so no
 * loader hooks are needed.
 */
export async function startTracing(environment: Environment): Promise<Tracing | undefined> {
  if (!isTracingConfigured(environment)) return undefined
  const [{ startNodeSdk }, { trace }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/api'),
  ])
  // Metrics are scraped and logs are written to standard error, whatever the SDK would do by default.
  const sdk = startNodeSdk({
    metricReaders: [],
    logRecordProcessors: [],
    ...(isServiceNamed(environment) ? {} : { resourceAttributes: { 'service.name': 'valence' } }),
  })
  return { tracer: trace.getTracer('valence'), stop: () => sdk.shutdown() }
}
