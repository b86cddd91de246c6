import { ValenceError } from '@valence/schemas'
import { expect, it } from 'vitest'
import type { LagSnapshot } from '../../../src/kafka/group-lag.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { Scaler, type ScalingReport } from '../../../src/scaling/scaler.ts'
import { describeScaling, meterScaling, watchGroup } from '../../../src/scaling/watch-group.ts'

const options = {
  targetSeconds: 60,
  minReplicas: 1,
  startSeconds: 20,
  rebalanceSeconds: 4,
  downAfterSeconds: 300,
  capacity: 100,
}

const snapshot: LagSnapshot = {
  groupId: 'g',
  state: 'Stable',
  at: 1_000,
  members: 1,
  leaderless: [],
  partitions: [{ topic: 't', partition: 0, committed: 2n ** 60n, end: 2n ** 60n + 7n, lag: 7n, owner: 'm' }],
}

/** Looks as often as there are answers, then stops. */
async function watch(answers: readonly (LagSnapshot | Error)[]) {
  const stopping = new AbortController()
  const told: string[] = []
  const left = [...answers]
  await watchGroup({
    async read() {
      const answer = left.shift()
      if (left.length === 0) stopping.abort()
      if (answer === undefined || answer instanceof Error) throw answer
      return answer
    },
    scaler: new Scaler(options),
    intervalMs: 1,
    signal: stopping.signal,
    onReport: ({ reason, desiredReplicas }) => told.push(`${reason} ${desiredReplicas}`),
    onLost: ({ code }) => told.push(`lost ${code}`),
    onBack: () => told.push('back'),
  })
  return told
}

it('tells again where another error follows', async () => {
  const refused = new ValenceError('VAL_KAFKA_AUTHENTICATION_FAILED')
  const told = await watch([new Error('away'), refused, refused, snapshot, snapshot])
  expect(told.filter((line) => /lost|back/.test(line))).toEqual([
    'lost VAL_KAFKA_UNREACHABLE',
    'lost VAL_KAFKA_AUTHENTICATION_FAILED',
    'back',
  ])
})

it('tells once that the broker is away and once that it is back, and keeps the last count', async () => {
  const away = new Error('away')
  const later = { ...snapshot, at: 6_000 }
  expect(await watch([snapshot, away, away, later, later])).toEqual([
    'steady 1',
    'lost VAL_KAFKA_UNREACHABLE',
    'unreachable 1',
    'unreachable 1',
    'back',
    'steady 1',
    'steady 1',
  ])
})

it('has nothing to tell while the broker has never answered', async () => {
  expect(await watch([new Error('away'), new Error('away'), snapshot])).toEqual([
    'lost VAL_KAFKA_UNREACHABLE',
    'back',
    'steady 1',
  ])
})

it('shows a report as metrics and as JSON', async () => {
  const report = new Scaler(options).observe(snapshot) as ScalingReport
  const metrics = createMetrics()
  meterScaling(metrics, report)
  const text = await metrics.registry.metrics()
  expect(text).toContain('valence_scaling_desired_replicas 1\n')
  expect(text).toContain('valence_scaling_drain_seconds +Inf\n')
  expect(text).toContain('valence_scaling_lag_records{topic="t",partition="0"} 7\n')
  expect(text).toContain('valence_scaling_position_offset{topic="t",partition="0"} 1152921504606847000\n')
  expect(text).toContain('valence_scaling_decisions_total{reason="steady"} 1\n')
  expect(JSON.parse(JSON.stringify(describeScaling(report)))).toMatchObject({
    desiredReplicas: 1,
    partitions: [{ committed: '1152921504606846976', end: '1152921504606846983', lag: 7 }],
  })
})
