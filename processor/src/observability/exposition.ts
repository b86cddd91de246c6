import { Registry } from 'prom-client'

/** What `/metrics` answers with. */
export interface Exposition {
  readonly contentType: string
  readonly body: string
}

type AnyMetric = Parameters<Registry['registerMetric']>[0]

/**
 * The same metrics under the names that OpenMetrics wants. prom-client writes that format by renaming its counters for
 * good, which would break every later scrape in the text format; so the counters are shown under another name instead.
 */
function openView(registry: Registry): Registry {
  const view = new Registry()
  // The constructor takes it as well, but the types say that it does not.
  ;(view as unknown as Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>).setContentType(
    Registry.OPENMETRICS_CONTENT_TYPE,
  )
  for (const metric of registry.getMetricsAsArray() as unknown as AnyMetric[]) {
    const shown = Object.create(metric) as AnyMetric & { name: string; getForPromString?: () => Promise<unknown> }
    shown.name = bareName(metric)
    const read = (shown.getForPromString ?? shown.get).bind(metric)
    const getForPromString = async () => ({ ...((await read()) as object), name: shown.name })
    Object.defineProperty(shown, 'getForPromString', { value: getForPromString })
    view.registerMetric(shown)
  }
  return view
}

function bareName(metric: AnyMetric): string {
  const { name, type } = metric as unknown as { name: string; type: string }
  return type === 'counter' ? name.replace(/_total$/, '') : name
}

/** Writes the metrics in the format that the scraper asks for; exemplars are in OpenMetrics only. */
export function createExposition(registry: Registry): (accept: string | undefined) => Promise<Exposition> {
  let view: Registry | undefined
  return async (accept) => {
    if (!accept?.includes('application/openmetrics-text')) {
      return { contentType: registry.contentType, body: await registry.metrics() }
    }
    view ??= openView(registry)
    return { contentType: Registry.OPENMETRICS_CONTENT_TYPE, body: await view.metrics() }
  }
}
