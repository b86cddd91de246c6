import { describe, expect, it } from 'vitest'
import { createExposition } from '../../../src/observability/exposition.ts'
import { createMetrics, observeTraced } from '../../../src/observability/metrics.ts'

const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2'
const traceId = '0af7651916cd43dd8448eb211c80319c'

function setup() {
  const metrics = createMetrics()
  metrics.pipeline.retries.inc({ code: 'VAL_X' }, 3)
  observeTraced(metrics.pipeline.endToEnd, {}, 0.2, traceId)
  observeTraced(metrics.pipeline.endToEnd, {}, 0.002, undefined)
  return { metrics, expose: createExposition(metrics.registry) }
}

describe('the exposition', () => {
  it('is the Prometheus text format by default', async () => {
    const { contentType, body } = await setup().expose('*/*')
    expect(contentType).toMatch(/^text\/plain/)
    expect(body).toContain('valence_pipeline_retries_total{code="VAL_X"} 3')
    expect(body).not.toContain(traceId)
  })

  it('is OpenMetrics if the scraper accepts it, with trace ids as exemplars', async () => {
    const { contentType, body } = await setup().expose(accept)
    expect(contentType).toMatch(/^application\/openmetrics-text/)
    expect(body).toContain('# TYPE valence_pipeline_retries counter\nvalence_pipeline_retries_total{code="VAL_X"} 3')
    const bucket = body.split('\n').find((line) => line.includes('end_to_end_seconds_bucket{le="0.25"}'))
    expect(bucket).toMatch(new RegExp(`\\} 2 # \\{trace_id="${traceId}"\\} 0\\.2 \\d+`))
    expect(body.split(traceId)).toHaveLength(2)
    expect(body).toMatch(/# EOF\n$/)
  })

  it('has the same values in both formats, in any order of scrapes', async () => {
    const { metrics, expose } = setup()
    const first = await expose(undefined)
    await expose(accept)
    expect(await expose(undefined)).toEqual(first)
    metrics.pipeline.retries.inc({ code: 'VAL_X' })
    expect((await expose(accept)).body).toContain('valence_pipeline_retries_total{code="VAL_X"} 4')
  })
})
