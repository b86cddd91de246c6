import { errorCatalogue } from '@valence/schemas'
import { describe, expect, it } from 'vitest'
import { type MetricSpec, metricTree } from '../../../src/observability/metric-tree.ts'

const specs = Object.values(metricTree).flatMap((area) => Object.values(area as Record<string, MetricSpec>))

describe('docs/metrics.md', () => {
  it('has a sentence for every metric', () => {
    expect(specs.filter(({ help }) => !/^[A-Z].{8,}/.test(help)).map(({ name }) => name)).toEqual([])
  })

  it('promises few series: closed labels have few values each, the catalogue is short', () => {
    const closed = specs.map(({ name, labels }) => ({
      name,
      series: Object.values(labels).reduce((product, own) => product * (typeof own === 'string' ? 1 : own.length), 1),
    }))
    expect(closed.filter(({ series }) => series > 16)).toEqual([])
    expect(Object.keys(errorCatalogue).length).toBeLessThan(200)
  })
})
