import { type ErrorCode, type SchemaRegistry, type ScoredEvent, ValenceError } from '@valence/schemas'
import { expect, test } from 'vitest'
import { Health } from '../../../src/observability/health.ts'
import { silentLogger } from '../../../src/observability/logger.ts'
import { createMetrics } from '../../../src/observability/metrics.ts'
import { openBreaker } from '../../../src/observability/open-breaker.ts'
import { guardRegistry } from '../../../src/registry/guarded-registry.ts'

/** A registry that can be switched between answering and failing. */
function create() {
  const asked: number[] = []
  const state: { failure: ErrorCode | undefined } = { failure: undefined }
  const decoder = () => ({ id: 'a' }) as ScoredEvent
  const known = new Map<number, typeof decoder>()
  const answer = async <T>(id: number, value: T): Promise<T> => {
    asked.push(id)
    if (state.failure) throw new ValenceError(state.failure)
    return value
  }
  const registry = {
    registerFor: () => answer(0, 7),
    scores: {
      cached: (id: number) => known.get(id),
      async load(id: number) {
        known.set(id, await answer(id, decoder))
        return decoder
      },
    },
  } as unknown as SchemaRegistry
  const [metrics, health] = [createMetrics(), new Health()]
  const breaker = openBreaker({ metrics, health, logger: silentLogger }, 'registry', 1_000)
  const { scores, registerFor } = guardRegistry(registry, breaker)
  async function codeOf(call: Promise<unknown>): Promise<string> {
    return call.then(
      () => 'answered',
      (error: ValenceError) => error.code,
    )
  }
  return {
    asked,
    state,
    load: (id: number) => codeOf(scores.load(id)),
    register: () => codeOf(registerFor('texts-value', 'text-event')),
    shown: () => health.readiness(),
    metric: async () =>
      (await metrics.breaker.state.get()).values.find(({ labels }) => labels.part === 'registry')?.value,
  }
}

test('an unreachable registry opens the breaker, which health reports', async () => {
  const { asked, state, load, register, shown, metric } = create()
  state.failure = 'VAL_REGISTRY_UNAVAILABLE'
  for (let i = 0; i < 5; i++) expect(await load(1)).toBe('VAL_REGISTRY_UNAVAILABLE')
  expect(await load(1)).toBe('VAL_REGISTRY_UNAVAILABLE')
  expect(await register()).toBe('VAL_REGISTRY_UNAVAILABLE')
  expect(asked).toHaveLength(5)
  expect(shown()).toEqual({ healthy: true, checks: { registry: 'degraded' }, details: {} })
  expect(await metric()).toBe(2)
})

test('cached decoders work while the breaker is open', async () => {
  const { state, load, shown } = create()
  expect(await load(1)).toBe('answered')
  state.failure = 'VAL_REGISTRY_UNAVAILABLE'
  for (let i = 0; i < 5; i++) await load(2)
  expect(shown().checks.registry).toBe('degraded')
  expect(await load(1)).toBe('answered')
})

test.each(['VAL_SCHEMA_UNKNOWN_ID', 'VAL_SCHEMA_MISMATCH', 'VAL_SCHEMA_INCOMPATIBLE'] as const)(
  '%s does not count as a failure of the registry',
  async (code) => {
    const { asked, state, load, register, shown } = create()
    state.failure = code
    for (let i = 0; i < 10; i++) expect(await (i % 2 === 0 ? load(3) : register())).toBe(code)
    expect(asked).toHaveLength(10)
    expect(shown().checks.registry).toBe('ok')
  },
)
