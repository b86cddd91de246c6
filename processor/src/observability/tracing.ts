import type { Tracer } from '@opentelemetry/api'
import type { Environment } from '../config/config.ts'

export interface Tracing {
  readonly tracer: Tracer
  /** Exports the buffered spans and stops. */
  stop(): Promise<void>
}

/** True if the OTEL_* environment names an exporter or an OTLP endpoint and does not disable the SDK. */
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
 * Starts OpenTelemetry's SDK, which reads the OTEL_* settings; undefined if tracing is not configured. The SDK is imported
 * only here, so it costs nothing without tracing. The stages create their spans themselves; no loader hooks are needed.
 */
export async function startTracing(environment: Environment): Promise<Tracing | undefined> {
  if (!isTracingConfigured(environment)) return undefined
  const [{ startNodeSdk }, { trace }] = await Promise.all([
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/api'),
  ])
  // Turns the SDK's metric and log exporters off: metrics are scraped, logs are written to standard error.
  const sdk = startNodeSdk({
    metricReaders: [],
    logRecordProcessors: [],
    ...(isServiceNamed(environment) ? {} : { resourceAttributes: { 'service.name': 'valence' } }),
  })
  return { tracer: trace.getTracer('valence'), stop: () => sdk.shutdown() }
}
