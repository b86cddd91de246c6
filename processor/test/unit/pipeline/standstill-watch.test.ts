import { describe, expect, it, vi } from 'vitest'
import { silentLogger } from '../../../src/observability/logger.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import type { Standstill } from '../../../src/pipeline/partition-progress.ts'
import { StandstillWatch } from '../../../src/pipeline/standstill-watch.ts'

const standstill: Standstill = {
  topic: 't',
  partition: 1,
  since: 5_000,
  code: 'VAL_KAFKA_UNREACHABLE',
  cause: 'surroundings',
}

describe('the watch for standstills', () => {
  it('logs each once and its end, and shows in the metric since when', async () => {
    const found: Standstill[] = []
    const metrics = createMetrics()
    const error = vi.spyOn(silentLogger, 'error')
    const info = vi.spyOn(silentLogger, 'info')
    let now = 35_000
    const watch = new StandstillWatch({ find: () => found, metrics, logger: silentLogger, now: () => now })
    const shown = async () => /^valence_pipeline_standstill_seconds\{(.*)$/m.exec(await metrics.registry.metrics())?.[1]
    watch.look()
    expect(error).not.toHaveBeenCalled()
    found.push(standstill)
    watch.look()
    now += 1_000
    watch.look()
    expect(error).toHaveBeenCalledOnce()
    expect(error.mock.lastCall?.[0]).toEqual({
      topic: 't',
      partition: 1,
      code: 'VAL_KAFKA_UNREACHABLE',
      cause: 'surroundings',
      since: '1970-01-01T00:00:05.000Z',
    })
    expect(await shown()).toBe('topic="t",partition="1",code="VAL_KAFKA_UNREACHABLE"} 31')
    found[0] = { ...standstill, code: 'VAL_KAFKA_TOPIC_MISSING' }
    watch.look()
    expect(error).toHaveBeenCalledTimes(2)
    expect(await shown()).toContain('VAL_KAFKA_TOPIC_MISSING')
    found.pop()
    watch.look()
    expect(info).toHaveBeenCalledOnce()
    expect(info.mock.lastCall?.[0]).toEqual({ topic: 't', partition: 1, stoodMs: 31_000 })
    expect(await shown()).toBeUndefined()
  })
})
