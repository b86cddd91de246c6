import { expect, test } from 'vitest'
import { meterWorkerPool } from '../../../src/inference/pool-metrics.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'

test('what the pool does is counted, and losses are handed on', async () => {
  const metrics = createMetrics()
  const losses: string[] = []
  const observer = meterWorkerPool(metrics, (reason, detail) => losses.push(`${reason}: ${detail}`))
  observer.workersReady?.(2)
  observer.inferred?.(20)
  observer.workerLost?.('timeout', 'no answer')
  const lines = (await metrics.registry.metrics()).split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'valence_inference_workers 2',
      'valence_inference_infer_seconds_sum 0.02',
      'valence_inference_worker_restarts_total{reason="timeout"} 1',
    ]),
  )
  expect(losses).toEqual(['timeout: no answer'])
})
