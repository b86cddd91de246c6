import { Registry } from 'prom-client'

/** Response of `/metrics`. */
export interface Exposition {
  readonly contentType: string
  readonly body: string
}

type AnyMetric = Parameters<Registry['registerMetric']>[0]

/**
 * A registry with the same metrics under their OpenMetrics names (counters without `_total`). prom-client renames its own
 * counters permanently when it writes OpenMetrics, which would break later scrapes in the text format.
 */
function openMetricsView(registry: Registry): Registry {
  const view = new Registry()
  // Not in the constructor: its types do not accept a content type.
  ;(view as unknown as Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>).setContentType(
    Registry.OPENMETRICS_CONTENT_TYPE,
  )
  for (const metric of registry.getMetricsAsArray() as unknown as AnyMetric[]) {
    const shown = Object.create(metric) as AnyMetric & { name: string; getForPromString?: () => Promise<unknown> }
    shown.name = openMetricsName(metric)
    const read = (shown.getForPromString ?? shown.get).bind(metric)
    const getForPromString = async () => ({ ...((await read()) as object), name: shown.name })
    Object.defineProperty(shown, 'getForPromString', { value: getForPromString })
    view.registerMetric(shown)
  }
  return view
}

function openMetricsName(metric: AnyMetric): string {
  const { name, type } = metric as unknown as { name: string; type: string }
  return type === 'counter' ? name.replace(/_total$/, '') : name
}

/** Writes the metrics in the format of the `Accept` header: OpenMetrics, with exemplars, or the Prometheus text format. */
export function createExposition(registry: Registry): (accept: string | undefined) => Promise<Exposition> {
  let view: Registry | undefined
  return async (accept) => {
    if (!accept?.includes('application/openmetrics-text')) {
      return { contentType: registry.contentType, body: await registry.metrics() }
    }
    view ??= openMetricsView(registry)
    return { contentType: Registry.OPENMETRICS_CONTENT_TYPE, body: await view.metrics() }
  }
}
